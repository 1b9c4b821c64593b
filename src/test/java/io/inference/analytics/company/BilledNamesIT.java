package io.inference.analytics.company;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.ProviderModels;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.LocalDate;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Models that a provider bills under several names. */
@QuarkusTest
@WithBackends
class BilledNamesIT {

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    @Inject
    ProviderModels models;

    /** A further name belongs to a model: it follows the provider's name of it, and is taken back by name. */
    @Test
    void furtherNamesFollowTheModel() throws Exception {
        UUID model = UUID.randomUUID();
        String name = "claude-moved-" + model;
        String billed =
                "select provider_model from analytics.provider_model_alias where alias like '" + name + "-2025%'";
        names.nameModel(model, "Ours " + model);
        models.set(model, Provider.ANTHROPIC, name);
        models.alias(Provider.ANTHROPIC, name + "-20250929", name);
        models.alias(Provider.ANTHROPIC, name + "-20251001", name);
        models.set(model, Provider.ANTHROPIC, name + "-20251001");
        assertThat(new Sql(database).rows(billed)).containsExactly(tuple(name + "-20251001"));
        assertThatThrownBy(() -> models.set(UUID.randomUUID(), Provider.ANTHROPIC, name + "-20250929"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("expected: not a further name of " + name + "-20251001");
        models.removeAlias(Provider.ANTHROPIC, name + "-20250929", name + "-20251001");
        assertThat(new Sql(database).rows(billed)).isEmpty();
    }

    /** 3.00 under the model's name and 3.00 under a dated one are one bill of 6.00, as the events say. */
    @Test
    void severalNamesOfAModelAreOneRow() throws Exception {
        LocalDate day = LocalDate.of(2025, 10, 11);
        UUID model = UUID.randomUUID();
        String name = "claude-alias-" + model;
        String dated = name + "-20250929";
        names.nameModel(model, "Ours " + model);
        models.set(model, Provider.ANTHROPIC, name);
        models.alias(Provider.ANTHROPIC, dated, name);
        new StoredUsage()
                .add(Event.of(UUID.randomUUID(), model, "2025-10-11T12:00:00Z")
                        .tokens(2_000_000, 0)
                        .cost("600"))
                .store(database);
        String cost =
                """
                {"currency": "USD", "amount": "300", "cost_type": "tokens", "token_type": "uncached_input_tokens", "service_tier": "standard",
                 "model": "%s"}
                """;
        String usage =
                """
                {"uncached_input_tokens": 1000000, "output_tokens": 0, "service_tier": "standard", "model": "%s"}
                """;
        try (ProviderLab lab = new ProviderLab(database)) {
            new Sql(database).execute("delete from analytics.provider_import_day");
            lab.anthropicApi.cost(
                    day, ProviderHttp.JSON.readTree("[" + cost.formatted(name) + "," + cost.formatted(dated) + "]"));
            lab.anthropicApi.usage(
                    day, ProviderHttp.JSON.readTree("[" + usage.formatted(name) + "," + usage.formatted(dated) + "]"));
            lab.anthropic(day);
            given().auth()
                    .oauth2(Tokens.of("company-finance"))
                    .get(
                            "/analytics/v1/reconciliation?start=2025-10-11T00:00:00Z&end=2025-10-12T00:00:00Z&groupBy=model")
                    .then()
                    .statusCode(200)
                    .body("series", hasSize(1))
                    .body("series[0].model", equalTo(name))
                    .body("series[0].estimate.amount", equalTo("6"))
                    .body("series[0].billed.amount", equalTo("6"))
                    .body("series[0].split.quantity.amount", equalTo("0"))
                    .body("series[0].split.price.amount", equalTo("0"));
            assertThat(lab.unmapped().nearModels()).noneMatch(near -> near.id().equals(dated));
            new Sql(database)
                    .execute("update analytics.provider_model_alias set provider_model = 'no model' where alias = '"
                            + dated + "'");
            assertThat(lab.unmapped().nearModels())
                    .filteredOn(near -> near.id().equals(dated))
                    .as("a further name of a name that no model carries")
                    .singleElement()
                    .satisfies(near -> assertThat(near.provider()).contains("anthropic"));
        } finally {
            new Sql(database)
                    .execute("delete from analytics.provider_import_day where usage_date = '2025-10-11';"
                            + " delete from analytics.claude_costs where activity_date = '2025-10-11';"
                            + " delete from analytics.claude_usage_report where activity_date = '2025-10-11';"
                            + " select analytics.rebuild_claude_day('" + FakeAnthropic.ORG + "', '2025-10-11')");
        }
    }
}

package io.inference.analytics.company;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

/** Bills that a provider changes after they were final. */
@QuarkusTest
@WithBackends
class ProviderRestatementsIT {

    private static final String RANGE = "start=2025-10-15T00:00:00Z&end=2025-10-16T00:00:00Z";

    @Inject
    AgroalDataSource database;

    /** October is closed on 5 November. What changes later is listed, and a team that begins later does not open it again. */
    @Test
    void aChangeOfFinalBillsIsARestatement() throws Exception {
        ProviderLab lab = new ProviderLab(database);
        try (lab) {
            lab.empty();
            lab.offerF1();
            lab.at(Instant.parse("2025-11-04T12:00:00Z"));
            lab.anthropicApi.cost(ProviderLab.OCT_15, ProviderLab.f1("121"));
            lab.anthropic(ProviderLab.OCT_15);
            assertFinality("provisional", 0, "0");
            lab.at(Instant.parse("2025-11-05T12:00:00Z"));
            lab.anthropicApi.cost(ProviderLab.OCT_15, ProviderLab.f1("122.5"));
            lab.anthropic(ProviderLab.OCT_15);
            assertFinality("final", 0, "0");
            lab.at(Instant.parse("2025-11-06T12:00:00Z"));
            lab.anthropicApi.cost(ProviderLab.OCT_15, ProviderLab.f1("122"));
            lab.anthropic(ProviderLab.OCT_15);
            lab.set("cursor-team", "late");
            lab.at(Instant.parse("2025-12-02T12:00:00Z"));
            lab.cursor(LocalDate.of(2025, 12, 1));
            assertFinality("final", 1, "-0.005")
                    .body("finality.accounts", hasSize(1))
                    .body("finality.accounts[0].since", equalTo("2025-10-15"));
            given().auth()
                    .oauth2(Tokens.of("company-finance"))
                    .get("/analytics/v1/provider-restatements?" + RANGE)
                    .then()
                    .statusCode(200)
                    .body("series", hasSize(1))
                    .body("series[0].day", equalTo("2025-10-15"))
                    .body("series[0].provider", equalTo("anthropic"))
                    .body("series[0].before.amount", equalTo("22.725"))
                    .body("series[0].after.amount", equalTo("22.72"))
                    .body("series[0].change.amount", equalTo("-0.005"))
                    .body("series[0].finalSince", equalTo("2025-11-05T12:00:00Z"))
                    .body("series[0].restatedAt", equalTo("2025-11-06T12:00:00Z"))
                    .body("change.amount", equalTo("-0.005"));
            given().auth()
                    .oauth2(Tokens.of("company-finance"))
                    .accept("text/csv")
                    .get("/analytics/v1/provider-restatements?" + RANGE)
                    .then()
                    .statusCode(200)
                    .body(containsString("2025-10-15,anthropic,"), containsString(",22.725,22.72,-0.005,USD,"));
        } finally {
            lab.empty();
        }
    }

    private static ValidatableResponse assertFinality(String status, int restatements, String restated) {
        return given().auth()
                .oauth2(Tokens.of("company-finance"))
                .get("/analytics/v1/provider-costs?" + RANGE)
                .then()
                .statusCode(200)
                .body("finality.status", equalTo(status))
                .body("finality.restatements", equalTo(restatements))
                .body("finality.restated.amount", equalTo(restated));
    }
}

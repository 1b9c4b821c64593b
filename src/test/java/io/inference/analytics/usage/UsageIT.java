package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class UsageIT {

    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();

    @BeforeEach
    void store() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:59:59.999Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-01T23:30:00Z")
                        .status("timeout")
                        .cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-03T00:00:00Z")
                        .client("=cmd")
                        .cost(null))
                .store(database);
    }

    private RequestSpecification asked(String... parameters) {
        RequestSpecification request = given().auth().oauth2(Tokens.of("engineer", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request;
    }

    private ValidatableResponse usage(String... parameters) {
        return asked(parameters).get("/analytics/v1/orgs/{org}/usage", org).then();
    }

    @Test
    void daysOfTheWholeOrganisation() {
        usage("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z")
                .statusCode(200)
                .body("orgId", equalTo(org.toString()))
                .body("granularity", equalTo("day"))
                .body("timeZone", equalTo("UTC"))
                .body("start", equalTo("2026-03-01T00:00:00Z"))
                .body("series", hasSize(2))
                .body("series[0].bucketStart", equalTo("2026-03-01T00:00:00Z"))
                .body("series[0].invocations", equalTo(3))
                .body("series[0].errors", equalTo(1))
                .body("series[0].inputTokens", equalTo(30))
                .body("series[0].costEstimateCents", equalTo(1))
                .body("series[0].cost.amount", equalTo("0.0062345678"))
                .body("series[0].cost.currency", equalTo("USD"))
                .body("series[0].unpricedInvocations", equalTo(1))
                .body("series[0].costComplete", equalTo(false))
                .body("series[1].cost", nullValue())
                .body("series[1].costEstimateCents", nullValue())
                .body("totals.invocations", equalTo(4))
                .body("totals.cost.amount", equalTo("0.0062345678"))
                .body("freshness.status", equalTo("unknown"));
    }

    @Test
    void csvHasTheSameRowsAndHarmlessCells() {
        String csv = asked("start", "2026-03-01T00:00:00Z", "end", "2026-03-08T00:00:00Z", "groupBy", "client")
                .accept("text/csv")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .contentType("text/csv")
                .extract()
                .asString();
        assertThat(csv.lines()).hasSize(4).first().asString().startsWith("bucketStart,clientId,invocations,errors");
        assertThat(csv).contains(",'=cmd,1,0,10,5,2,1,,,,1,false");
    }
}

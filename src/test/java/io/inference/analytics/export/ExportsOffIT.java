package io.inference.analytics.export;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;

import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class ExportsOffIT {

    @Test
    void withoutAFileStoreExportsAreUnavailable() {
        UUID org = UUID.randomUUID();
        given().auth()
                .oauth2(Tokens.of("finance", org))
                .contentType("application/json")
                .body("{\"timeRange\": {\"start\": \"2026-03-01T00:00:00Z\", \"end\": \"2026-03-02T00:00:00Z\"}}")
                .post("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(503)
                .contentType("application/problem+json")
                .header("Retry-After", notNullValue())
                .body("detail", containsString("S3_ENDPOINT"));
        given().auth()
                .oauth2(Tokens.of("finance", org))
                .get("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(200)
                .body("jobs", hasSize(0));
    }
}

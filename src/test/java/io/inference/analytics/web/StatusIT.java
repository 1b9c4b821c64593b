package io.inference.analytics.web;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@WithBackends
class StatusIT {

    @TestHTTPResource(value = "/", management = true)
    URI management;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/analytics/v1/status/healthz",
                "/analytics/v1/status/readyz",
                "/q/health",
                "/q/health/live",
                "/q/health/ready"
            })
    void statusIsOpenToEverybody(String path) {
        given().get(path).then().statusCode(200).contentType("application/json").body("status", equalTo("UP"));
    }

    @Test
    void readinessTellsOfTheDatabase() {
        given().get("/analytics/v1/status/readyz").then().body("checks.name", hasItem("database"));
    }

    @Test
    void theManagementPortHasHealthAndMetrics() {
        given().get(management.resolve("/q/health/ready"))
                .then()
                .statusCode(200)
                .body("status", equalTo("UP"));
        given().get("/analytics/v1/status/healthz");
        given().get(management.resolve("/metrics"))
                .then()
                .statusCode(200)
                .body(containsString("http_server_requests_seconds"));
    }
}

package io.inference.analytics.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.startsWith;

import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.ValidatableResponse;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@WithBackends
class ProblemIT {

    private static ValidatableResponse problem(ValidatableResponse answer, int status) {
        return answer.statusCode(status)
                .contentType("application/problem+json")
                .body("status", equalTo(status))
                .body("type", startsWith("urn:analytics:problem:"))
                .body("traceId", matchesPattern("[0-9a-f]{32}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/console/nope",
                "/console/0123456789abcdef/main.js",
                "/nope",
                "/analytics",
                "/analytics/v1",
                "/analytics/v1/nope",
                "/analytics/v1/orgs/x/usage/more",
                "/q/nope",
                "/metrics"
            })
    void unmatchedPathsAreProblems(String path) {
        problem(given().get(path).then(), 404).body("instance", equalTo(path));
        problem(given().auth().oauth2(Tokens.of("system-admin")).get(path).then(), 404);
    }

    /** Clients refuse to send such addresses, so this one speaks for itself. */
    @ParameterizedTest
    @ValueSource(strings = {"/analytics/v1/orgs/%zz/usage", "/%", "/analytics/v1/orgs?x=%zz"})
    void malformedAddressesAreProblems(String target) throws IOException {
        String request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
                + Tokens.of("system-admin") + "\r\n\r\n";
        String answer;
        try (Socket socket = new Socket("localhost", RestAssured.port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(answer)
                .startsWith("HTTP/1.1 400 ")
                .containsIgnoringCase("content-type: application/problem+json")
                .contains("\"status\":400");
    }

    @Test
    void anotherMethodIsAProblem() {
        problem(
                given().auth()
                        .oauth2(Tokens.of("system-admin"))
                        .post("/analytics/v1/orgs")
                        .then(),
                405);
    }

    @Test
    void theCallersRequestIdComesBackUnlessItCouldDoHarm() {
        given().header("X-Request-Id", "abc-123").get("/nope").then().header("X-Request-Id", equalTo("abc-123"));
        given().header("X-Request-Id", "a b\"c")
                .get("/nope")
                .then()
                .header("X-Request-Id", matchesPattern("[0-9a-f]{32}"));
        given().get("/analytics/v1/orgs/" + UUID.randomUUID() + "/usage")
                .then()
                .header("X-Request-Id", matchesPattern("[0-9a-f]{32}"));
    }
}

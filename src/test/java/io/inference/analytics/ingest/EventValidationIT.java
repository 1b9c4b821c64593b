package io.inference.analytics.ingest;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class EventValidationIT {

    private static final String PATH = "/analytics/v1/events/validate";
    private static final String GOOD = TestPublisher.event(UUID.randomUUID(), UUID.randomUUID());

    private static RequestSpecification caller() {
        return given().auth().oauth2(Tokens.of("engineer"));
    }

    private static ValidatableResponse validate(String body) {
        return caller().contentType("application/json").body(body).post(PATH).then();
    }

    private static ValidatableResponse problem(ValidatableResponse answer, int status) {
        return answer.statusCode(status).contentType("application/problem+json").body("status", equalTo(status));
    }

    @Test
    void goodMessagesAreNoContent() {
        validate(GOOD).statusCode(204).body(emptyString());
        validate("[" + GOOD + "," + GOOD + "]").statusCode(204);
        validate("[]").statusCode(204);
        caller().contentType("application/json; charset=UTF-8")
                .body(GOOD)
                .post(PATH)
                .then()
                .statusCode(204);
    }

    @Test
    void everyFaultIsNamedWithItsField() {
        problem(validate("{\"eventId\":\"x\",\"status\":\"odd\",\"latencyMs\":-1,\"inputTokens\":1e99}"), 400)
                .body(
                        "errors.field",
                        containsInAnyOrder(
                                "eventId",
                                "orgId",
                                "modelId",
                                "occurredAt",
                                "status",
                                "latencyMs",
                                "inputTokens",
                                "outputTokens"))
                .body("errors.message", everyItem(not(emptyString())));
        problem(validate("[" + GOOD + "," + GOOD.replace("\"success\"", "7") + "]"), 400)
                .body("errors.field", equalTo(java.util.List.of("[1].status")));
    }

    @Test
    void whatIsNoEventAtAllHasOneFault() {
        for (String body : new String[] {"", "{", "null", "7", "[[]]", "\u0000"}) {
            problem(validate(body), 400).body("errors", hasSize(1));
        }
        problem(
                        caller().contentType("application/json")
                                .body(new byte[] {'{', (byte) 0xff, '}'})
                                .post(PATH)
                                .then(),
                        400)
                .body("errors", hasSize(1));
    }

    @Test
    void tooLargeIsRefusedByItsSize() {
        String filled = GOOD + " ".repeat(UsageEventCodec.EVENT_BYTES_MAX - GOOD.length());
        validate(filled).statusCode(204);
        problem(validate(filled + " "), 400).body("errors.message", hasItem(containsString("at most 65536")));
        String array = "[" + " ".repeat(UsageEventCodec.MESSAGE_BYTES_MAX - GOOD.length() - 2) + GOOD + "]";
        validate(array).statusCode(204);
        problem(validate(array + " "), 413);
        problem(validate(" ".repeat(2_000_000)), 413);
    }

    /** A body that announces no length is sent in chunks. */
    @Test
    void aBodyWithoutALengthIsRefusedByWhatComes() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(RestAssured.baseURI + ":" + RestAssured.port + PATH))
                .header("Authorization", "Bearer " + Tokens.of("engineer"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(new byte[UsageEventCodec.MESSAGE_BYTES_MAX + 1])))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    @Test
    void onlyJsonIsTakenAndOnlyFromCallers() {
        for (String type : new String[] {"text/plain", "application/xml", "application/octet-stream"}) {
            problem(
                    caller().contentType(type)
                            .body(GOOD.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                            .post(PATH)
                            .then(),
                    415);
        }
        problem(given().contentType("application/json").body(GOOD).post(PATH).then(), 401);
        problem(caller().get(PATH).then(), 405);
    }
}

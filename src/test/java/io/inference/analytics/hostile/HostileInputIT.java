package io.inference.analytics.hostile;

import static io.inference.analytics.hostile.VerbatimHttp.encoded;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * A fuzzer over the OpenAPI document and what it does not know about. The seed is fixed, so a failure comes again;
 * -Danalytics.test.hostile-rounds=1000 makes it a long run.
 */
@QuarkusTest
@WithBackends
class HostileInputIT {

    private static final int ROUNDS = Integer.getInteger("analytics.test.hostile-rounds", 12);

    private static final List<String> NASTY = List.of(
            "",
            " ",
            "\\u0000",
            "\u0000",
            "null",
            "-1",
            "0",
            "1e309",
            "99999999999999999999999999",
            "NaN",
            "true",
            "'",
            "\"",
            "' or '1'='1",
            "'; drop table analytics.usage_events; --",
            "1); select pg_sleep(10); --",
            "$1",
            "%s%n%x",
            "../../etc/passwd",
            "..%2f..%2f",
            "${jndi:ldap://x/y}",
            "{{7*7}}",
            "<script>alert(1)</script>",
            "=cmd|' /C calc'!A0",
            "a\r\nSet-Cookie: x=y",
            "\ud83d\ude00",
            "\uffff",
            "x".repeat(3_000),
            "0000-00-00T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "+999999999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999999+18:00",
            "1969-12-31T23:59:59-18:00",
            "2026-01-01",
            "2026-03-01T00:00:00Z",
            "2026-03-02T00:00:00Z",
            "00000000-0000-0000-0000-000000000000",
            "{}",
            "[]",
            "UTC",
            "Etc/GMT+14",
            "hour",
            "month",
            "model",
            "200");

    private static final List<String> BODIES = List.of(
            "",
            "null",
            "[]",
            "{}",
            "{",
            "\"x\"",
            "1e999",
            "[".repeat(5_000),
            "{\"a\":".repeat(3_000),
            "{\"timeRange\":{\"start\":1,\"end\":[]},\"models\":{},\"format\":7,\"delivery\":\"s3\"}",
            "{\"timeRange\":{\"start\":\"2026-03-01T00:00:00Z\",\"end\":\"2026-03-02T00:00:00Z\"},\"delivery\":{\"type\":\"s3\",\"bucket\":\"../x\"}}",
            "{\"name\":{},\"orgIds\":[null],\"permissions\":[[]],\"expiresAt\":0}",
            "{\"eventId\":\"x\",\"latencyMs\":1e400,\"metadata\":{\"a\":{}}}",
            "\ufeff{}",
            "{\"a\":\"\\ud800\"}",
            "{\"__proto__\":{}}");

    private final VerbatimHttp http = new VerbatimHttp();
    private final UUID own = UUID.randomUUID();
    private final Random random = new Random(4711);

    private record Operation(String method, String path, List<String> parameters) {}

    private static List<Operation> operations() {
        Map<String, Map<String, Map<String, Object>>> paths = given().accept("application/json")
                .get("/openapi")
                .then()
                .extract()
                .path("paths");
        List<Operation> operations = new ArrayList<>();
        paths.forEach((path, methods) -> methods.forEach((method, operation) -> {
            List<String> names = new ArrayList<>(List.of("unknown"));
            if (operation.get("parameters") instanceof List<?> parameters) {
                for (Object parameter : parameters) {
                    if (parameter instanceof Map<?, ?> one && "query".equals(one.get("in"))) {
                        names.add(String.valueOf(one.get("name")));
                    }
                }
            }
            operations.add(new Operation(method.toUpperCase(Locale.ROOT), path, names));
        }));
        assertThat(operations).hasSizeGreaterThan(10);
        return operations;
    }

    @Test
    void noInputToAnyOperationEndsInAServerError() throws Exception {
        String token = Tokens.of("system-admin", own);
        for (Operation operation : operations()) {
            for (int round = 0; round < ROUNDS + NASTY.size() / 4; round++) {
                String target = path(operation) + query(operation);
                String body = operation.method().equals("POST") ? pick(BODIES) : "";
                String type = random.nextInt(6) == 0 ? "text/plain" : "application/json";
                assertHarmless(operation, target, body, http.send(operation.method(), target, body, type, token));
            }
        }
    }

    private String path(Operation operation) {
        StringBuilder path = new StringBuilder();
        for (String part : operation.path().substring(1).split("/", -1)) {
            String value = part.equals("{orgId}") && random.nextInt(8) > 0
                    ? own.toString()
                    : part.startsWith("{") ? encoded(pick(NASTY)) : part;
            path.append('/').append(value);
        }
        return path.toString();
    }

    private String query(Operation operation) {
        StringBuilder query = new StringBuilder();
        for (String name : operation.parameters()) {
            for (int times = random.nextInt(5) - 2; times > 0; times--) {
                query.append(query.isEmpty() ? '?' : '&')
                        .append(encoded(name))
                        .append('=')
                        .append(encoded(pick(NASTY)));
            }
        }
        return query.toString();
    }

    private static void assertHarmless(Operation operation, String target, String body, HttpResponse<String> answer) {
        // Without S3 exports are off: the one 503 that is no fault.
        boolean off = answer.statusCode() == 503 && operation.path().contains("/exports");
        assertThat(answer.statusCode() < 500 || off)
                .as("%s %s %s\n%s", operation.method(), target, body, answer.body())
                .isTrue();
        if (answer.statusCode() >= 400) {
            assertThat(answer.headers().firstValue("Content-Type"))
                    .as(target)
                    .hasValueSatisfying(found -> assertThat(found).startsWith("application/problem+json"));
            assertThat(answer.body()).doesNotContain("Exception", "org.postgresql", "SQLState", "\tat ");
        }
        assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}

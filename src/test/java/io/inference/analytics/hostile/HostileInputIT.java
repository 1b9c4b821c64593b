package io.inference.analytics.hostile;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.agroal.DataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
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
    private static final String RANGE = "?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

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

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private final UUID own = UUID.randomUUID();

    @Inject
    AgroalDataSource database;

    @Inject
    @DataSource("reads")
    AgroalDataSource reads;

    @Inject
    @DataSource("long-reads")
    AgroalDataSource longReads;

    @Inject
    @DataSource("exports")
    AgroalDataSource exports;

    @Inject
    @DataSource("audit")
    AgroalDataSource audit;

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

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpResponse<String> send(String method, String pathAndQuery, String body, String contentType, String token)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + RestAssured.port + pathAndQuery))
                        .timeout(Duration.ofSeconds(20))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", contentType)
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void noInputToAnyOperationEndsInAServerError() throws Exception {
        Random random = new Random(4711);
        String token = Tokens.of("system-admin", own);
        for (Operation operation : operations()) {
            boolean takesBody = operation.method().equals("POST");
            for (int round = 0; round < ROUNDS + NASTY.size() / 4; round++) {
                StringBuilder target = new StringBuilder();
                for (String part : operation.path().substring(1).split("/", -1)) {
                    String value = part.equals("{orgId}") && random.nextInt(8) > 0
                            ? own.toString()
                            : part.startsWith("{") ? encoded(pick(NASTY, random)) : part;
                    target.append('/').append(value);
                }
                char separator = '?';
                for (String name : operation.parameters()) {
                    for (int times = random.nextInt(5) - 2; times > 0; times--) {
                        target.append(separator)
                                .append(encoded(name))
                                .append('=')
                                .append(encoded(pick(NASTY, random)));
                        separator = '&';
                    }
                }
                String body = takesBody ? pick(BODIES, random) : "";
                String type = random.nextInt(6) == 0 ? "text/plain" : "application/json";
                HttpResponse<String> answer = send(operation.method(), target.toString(), body, type, token);
                // Without S3 exports are off: the one 503 that is no fault.
                boolean off = answer.statusCode() == 503 && operation.path().contains("/exports");
                assertThat(answer.statusCode() < 500 || off)
                        .as("%s %s %s\n%s", operation.method(), target, body, answer.body())
                        .isTrue();
                if (answer.statusCode() >= 400) {
                    assertThat(answer.headers().firstValue("Content-Type"))
                            .as(target.toString())
                            .hasValueSatisfying(found -> assertThat(found).startsWith("application/problem+json"));
                    assertThat(answer.body()).doesNotContain("Exception", "org.postgresql", "SQLState", "\tat ");
                }
                assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
            }
        }
    }

    private static <T> T pick(List<T> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }

    @Test
    void sqlInParametersIsText() throws Exception {
        UUID foreign = UUID.randomUUID();
        UUID model = UUID.randomUUID();
        String hostile = "x' or '1'='1";
        new StoredUsage()
                .add(Event.of(own, model, "2026-03-01T10:00:00Z").client(hostile))
                .add(Event.of(own, model, "2026-03-01T10:00:00Z").client("other"))
                .add(Event.of(foreign, model, "2026-03-01T10:00:00Z").client(hostile))
                .store(database);
        HttpResponse<String> answer = send(
                "GET",
                "/analytics/v1/orgs/" + own + "/usage" + RANGE + "&clientId=" + encoded(hostile),
                "",
                "application/json",
                Tokens.of("engineer", own));
        assertThat(answer.body()).contains("\"totals\":{\"invocations\":1,");
        for (String sql : List.of("';select pg_sleep(60)--", "x') union select * from analytics.api_keys --")) {
            long start = System.nanoTime();
            assertThat(send(
                                    "GET",
                                    "/analytics/v1/orgs/" + own + "/usage" + RANGE + "&clientId=" + encoded(sql),
                                    "",
                                    "application/json",
                                    Tokens.of("engineer", own))
                            .body())
                    .contains("\"totals\":{\"invocations\":0,");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        }
    }

    /** The export writes values into its statement: COPY takes no parameters. */
    @Test
    void sqlInParametersOfTheExportIsTextToo() throws Exception {
        UUID model = UUID.randomUUID();
        List<String> hostile = List.of(
                "x' or '1'='1",
                "x\\' or 1=1 --",
                "x\\",
                "$$; drop table analytics.audit_log; $$",
                "'); select pg_sleep(5); --",
                "%' or true or client_id like '%");
        StoredUsage usage = new StoredUsage()
                .add(Event.of(own, model, "2026-03-01T10:00:00Z").client("other"));
        for (String client : hostile) {
            usage.add(Event.of(own, model, "2026-03-01T10:00:00Z").client(client));
        }
        usage.store(database);
        String token = Tokens.of("engineer", own);
        for (String client : hostile) {
            for (String path : List.of("/incident-export", "/usage", "/reliability")) {
                HttpResponse<String> answer = send(
                        "GET",
                        "/analytics/v1/orgs/" + own + path + RANGE + "&clientId=" + encoded(client),
                        "",
                        "application/json",
                        token);
                assertThat(answer.statusCode()).as(path + " " + client).isEqualTo(200);
                if (path.equals("/incident-export")) {
                    assertThat(answer.body().lines()).as(client).hasSize(2);
                } else {
                    assertThat(answer.body()).as(path + " " + client).contains("\"invocations\":1");
                }
            }
        }
    }

    @Test
    void whatAHeaderIsMadeOfCanNotEndIt() throws Exception {
        UUID model = UUID.randomUUID();
        String hostile = "a\r\nSet-Cookie: x=y\r\n\r\n<script>";
        new StoredUsage()
                .add(Event.of(own, model, "2026-03-01T10:00:00Z").client(hostile))
                .add(Event.of(own, model, "2026-03-01T11:00:00Z").client(hostile))
                .store(database);
        HttpResponse<String> answer = send(
                "GET",
                "/analytics/v1/orgs/" + own + "/incident-export" + RANGE + "&limit=1&clientId=" + encoded(hostile),
                "",
                "application/json",
                Tokens.of("engineer", own));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
        assertThat(answer.headers().firstValue("Link"))
                .hasValueSatisfying(
                        link -> assertThat(link).contains("a%0D%0ASet-Cookie").doesNotContain("<script>"));
    }

    @Test
    void cellsThatASpreadsheetWouldRunAreMadeHarmless() throws Exception {
        UUID model = UUID.randomUUID();
        StoredUsage usage = new StoredUsage();
        List<String> formulas = List.of("=1+1", "+1", "-1", "@x", "\tx", "\rx", "|x", "=cmd|' /C calc'!A0");
        for (String formula : formulas) {
            usage.add(Event.of(own, model, "2026-03-01T10:00:00Z").client(formula));
        }
        usage.store(database);
        String token = Tokens.of("engineer", own);
        for (String path : List.of("/usage" + RANGE + "&groupBy=client", "/incident-export" + RANGE)) {
            String csv = given().auth()
                    .oauth2(token)
                    .accept("text/csv")
                    .get("/analytics/v1/orgs/" + own + path)
                    .then()
                    .statusCode(200)
                    .extract()
                    .asString();
            for (String formula : formulas) {
                assertThat(csv).as(path).contains("'" + formula).doesNotContain("," + formula, ",\"" + formula);
            }
        }
    }

    @Test
    void headersSplitNothingAndPathsSpeakNoLogLines() throws Exception {
        HttpResponse<String> answer = send(
                "GET",
                "/analytics/v1/orgs/" + own + "/usage%0d%0aevent=request%20status=200%0d%0aSet-Cookie:%20a=b",
                "",
                "application/json",
                Tokens.of("engineer", own));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().map()).doesNotContainKey("set-cookie");
        assertThat(answer.body()).doesNotContain("\r\nSet-Cookie");
    }

    @Test
    void everyAnswerTellsBrowsersToKeepOut() {
        for (String path : List.of("/analytics/v1/status/healthz", "/nope", "/analytics/v1/orgs")) {
            var answer = given().header("Origin", "https://evil.example")
                    .get(path)
                    .then()
                    .extract();
            assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
            assertThat(answer.header("Content-Security-Policy")).contains("default-src 'none'");
            assertThat(answer.header("Access-Control-Allow-Origin")).isNull();
        }
        var preflight = given().header("Origin", "https://evil.example")
                .header("Access-Control-Request-Method", "GET")
                .options("/analytics/v1/orgs")
                .then()
                .extract();
        assertThat(preflight.header("Access-Control-Allow-Origin")).isNull();
    }

    @Test
    void whatIsTooLargeIsRefused() throws Exception {
        String token = Tokens.of("system-admin", own);
        assertThat(send("POST", "/analytics/v1/events/validate", "x".repeat(1_048_577), "application/json", token)
                        .statusCode())
                .isEqualTo(413);
        assertThat(send("POST", "/analytics/v1/api-keys", "x".repeat(1_200_000), "application/json", token)
                        .statusCode())
                .isEqualTo(413);
        assertThat(send("GET", "/analytics/v1/orgs?x=" + "y".repeat(20_000), "", "application/json", token)
                        .statusCode())
                .isEqualTo(414);
        String longHeader =
                "GET /analytics/v1/orgs HTTP/1.1\r\nHost: localhost\r\nX-Pad: " + "z".repeat(60_000) + "\r\n\r\n";
        try (Socket socket = new Socket("localhost", RestAssured.port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(longHeader.getBytes(StandardCharsets.US_ASCII));
            byte[] start = socket.getInputStream().readNBytes(12);
            assertThat(new String(start, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 431");
        }
    }

    @Test
    void everySessionOfTheDatabaseHasAStatementTimeout() throws Exception {
        for (AgroalDataSource pool : List.of(database, reads, longReads, exports, audit)) {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("show statement_timeout")) {
                row.next();
                assertThat(row.getString(1)).isNotEqualTo("0");
            }
        }
    }
}

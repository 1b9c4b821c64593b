package io.inference.analytics.hostile;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.agroal.DataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.http.Headers;
import jakarta.inject.Inject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What bounds every request and every answer: sizes, browsers, time in the database. */
@QuarkusTest
@WithBackends
class ProtectionsIT {

    private final VerbatimHttp http = new VerbatimHttp();
    private final String token = Tokens.of("system-admin", UUID.randomUUID());

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

    @ParameterizedTest
    @ValueSource(strings = {"/analytics/v1/status/healthz", "/nope", "/analytics/v1/orgs"})
    void everyAnswerKeepsBrowsersOut(String path) {
        Headers answer =
                given().header("Origin", "https://evil.example").get(path).headers();
        assertThat(answer.getValue("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.getValue("X-Frame-Options")).isEqualTo("DENY");
        assertThat(answer.getValue("Content-Security-Policy")).contains("default-src 'none'");
        assertThat(answer.getValue("Access-Control-Allow-Origin")).isNull();
    }

    @Test
    void otherSitesGetNoPreflight() {
        assertThat(given().header("Origin", "https://evil.example")
                        .header("Access-Control-Request-Method", "GET")
                        .options("/analytics/v1/orgs")
                        .header("Access-Control-Allow-Origin"))
                .isNull();
    }

    @Test
    void whatIsTooLargeIsRefused() throws Exception {
        assertThat(http.post("/analytics/v1/events/validate", "x".repeat(1_048_577), token)
                        .statusCode())
                .isEqualTo(413);
        assertThat(http.post("/analytics/v1/api-keys", "x".repeat(1_200_000), token)
                        .statusCode())
                .isEqualTo(413);
        assertThat(http.get("/analytics/v1/orgs?x=" + "y".repeat(20_000), token).statusCode())
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
    void everySessionOfTheDatabaseHasAStatementTimeout() {
        assertThat(Stream.of(database, reads, longReads, exports, audit)
                        .map(pool -> new Sql(pool).text("show statement_timeout")))
                .hasSize(5)
                .doesNotContain("0");
    }
}

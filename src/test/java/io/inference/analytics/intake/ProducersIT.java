package io.inference.analytics.intake;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.ingest.IngestLab;
import io.inference.analytics.ingest.OnStream;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The programs of docs/producers publish to the running service. Java and Python are on every machine of the project. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class ProducersIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path PROGRAMS = Path.of("docs", "producers").toAbsolutePath();
    private static final Path CALLERS =
            Path.of("src", "test", "resources", "clients").toAbsolutePath();
    private static final String PYTHON = "/usr/bin/python3 -B ";

    @Inject
    AgroalDataSource database;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private final UUID model = UUID.randomUUID();
    private IngestLab lab;
    private Map<String, String> settings;

    @BeforeEach
    void open() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        String key = given().auth()
                .oauth2(Tokens.of("system-admin"))
                .contentType("application/json")
                .body("{\"name\": \"producer\", \"orgIds\": [\"%s\"], \"permissions\": [\"analytics:events:write\"]}"
                        .formatted(lab.org()))
                .post("/analytics/v1/api-keys")
                .then()
                .statusCode(201)
                .extract()
                .path("key");
        settings = new HashMap<>(Map.of(
                "ANALYTICS_URL",
                "http://localhost:" + RestAssured.port,
                "ANALYTICS_ORG",
                lab.org().toString(),
                "ANALYTICS_API_KEY",
                key,
                "ANALYTICS_MODELS",
                "{\"claude-x\": \"" + model + "\"}"));
    }

    @AfterEach
    void close() throws Exception {
        lab.close();
    }

    private String run(String commands) {
        LocalDev.Result result = LocalDev.script(settings, commands);
        assertThat(result.exitCode())
                .as("%s; see target/local-dev.log", commands)
                .isZero();
        return result.output();
    }

    private static boolean isHere(String program) {
        return LocalDev.script(Map.of(), "command -v " + program).exitCode() == 0;
    }

    private void awaitStored(long events) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.stored()).isEqualTo(events));
    }

    private long stored(String condition) throws SQLException {
        return lab.number(
                "select count(*) from analytics.usage_events where org_id = '" + lab.org() + "' and " + condition);
    }

    @Test
    void eachLanguageOfThisMachinePublishesItsEvent() throws Exception {
        Map<String, String> programs = new HashMap<>(Map.of(
                "java",
                "java " + PROGRAMS.resolve("Producer.java"),
                "python",
                PYTHON + PROGRAMS.resolve("producer.py")));
        if (isHere("node")) {
            programs.put("node", "node " + PROGRAMS.resolve("producer.mjs"));
        }
        if (isHere("go")) {
            programs.put("go", "CGO_ENABLED=0 go run " + PROGRAMS.resolve("producer.go"));
        }
        programs.forEach(
                (language, program) -> assertThat(run(program)).as(language).contains("accepted 1"));
        awaitStored(programs.size());
        for (String language : programs.keySet()) {
            assertThat(stored(("client_id = '%s' and input_tokens = 1500 and output_tokens = 320 and latency_ms = 812"
                                    + " and cache_read_input_tokens = 1000 and service_tier = 'batch'")
                            .formatted(language)))
                    .as(language)
                    .isEqualTo(1);
        }
    }

    @Test
    void aRejectedEventFailsTheProgram() {
        settings.put("ANALYTICS_ORG", UUID.randomUUID().toString());
        assertThat(LocalDev.script(settings, PYTHON + PROGRAMS.resolve("producer.py"))
                        .exitCode())
                .as("a key of another organisation")
                .isNotZero();
    }

    @Test
    void theCallbackOfLiteLlmPublishesEachCallOnce() throws Exception {
        settings.put("PYTHONPATH", PROGRAMS + ":" + CALLERS.resolve("litellm-fake"));
        run(PYTHON + CALLERS.resolve("call_litellm_callback.py"));
        awaitStored(2);
        assertThat(stored(("status = 'success' and model_id = '%s' and input_tokens = 1500 and output_tokens = 320"
                                + " and cache_read_input_tokens = 1000 and cache_write_input_tokens = 100"
                                + " and latency_ms = 700 and service_tier = 'batch'")
                        .formatted(model)))
                .isEqualTo(1);
        assertThat(stored("status = 'throttled' and error_code = 'RateLimitError' and input_tokens = 0"))
                .isEqualTo(1);
    }

    @Test
    void spansOfGenAiCallsBecomeEvents() throws Exception {
        Path spans = Files.createTempFile("spans", ".json");
        long ended = Instant.now().minusSeconds(5).toEpochMilli();
        String call =
                """
                {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "%s",
                 "startTimeUnixNano": "%d000000", "endTimeUnixNano": "%d000000",
                 "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "%s"}},
                   {"key": "gen_ai.request.model", "value": {"stringValue": "claude-x"}},
                   {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1500"}},
                   {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "320"}},
                   {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": 1000}}%s]}""";
        String error = ", {\"key\": \"error.type\", \"value\": {\"stringValue\": \"timeout\"}}";
        String line = "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": ["
                + String.join(
                        ",",
                        call.formatted("b7ad6b7169203331", ended - 700, ended, "chat", ""),
                        call.formatted("b7ad6b7169203332", ended - 800, ended, "chat", error),
                        call.formatted("b7ad6b7169203333", ended - 900, ended, "invoke_agent", ""))
                + "]}]}]}";
        Files.writeString(spans, line.replace("\n", " ") + "\n");
        String program = PYTHON + PROGRAMS.resolve("otel_genai.py") + " < " + spans;
        assertThat(run(program)).contains("accepted 2");
        assertThat(run(program)).as("exported again").contains("accepted 2");
        awaitStored(2);
        assertThat(stored(("status = 'success' and latency_ms = 700 and model_id = '%s' and input_tokens = 1500"
                                + " and cache_read_input_tokens = 1000 and output_tokens = 320")
                        .formatted(model)))
                .isEqualTo(1);
        assertThat(stored("status = 'timeout' and error_code = 'timeout' and latency_ms = 800"))
                .isEqualTo(1);
        assertThat(lab.number("select count(*) from analytics.ingestion_conflicts where org_id = '" + lab.org() + "'"))
                .isZero();
        Files.delete(spans);
    }
}

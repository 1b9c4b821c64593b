package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service with settings that are wrong, or that come from files as files are. */
class FaultySettingsIT {

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES);
    private static Map<String, String> good;

    @TempDir
    Path directory;

    @BeforeAll
    static void start() {
        good = BACKENDS.start();
    }

    @AfterAll
    static void stop() {
        BACKENDS.stop();
    }

    @Test
    void everyFaultIsToldBeforeTheDatabaseIsTouched() throws Exception {
        Path privateKey = Files.writeString(
                directory.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----\nS3cr3t\n-----END PRIVATE KEY-----\n");
        Map<String, String> settings = new HashMap<>(good);
        settings.put("JWT_PUBLIC_KEY", privateKey.toString());
        settings.put("RABBITMQ_URL", "amqp://user:S3cr3t@localhost:1/one/two");
        settings.put("S3_ENDPOINT", "https://store.example");
        settings.put("S3_ACCESS_KEY", "S3cr3t");
        settings.put("S3_SECRET_KEY", "");
        settings.put(
                "CURSOR_API_KEY_FILE",
                Files.writeString(directory.resolve("empty"), "\n").toString());
        try (ServiceProcess service = ServiceProcess.start(settings)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            List<String> lines = service.log().lines().toList();
            assertThat(lines).hasSize(4).allSatisfy(line -> assertThat(line)
                    .startsWith("analytics: ")
                    .contains("(expected: ")
                    .doesNotContain("S3cr3t"));
            assertThat(service.log())
                    .contains("JWT_PUBLIC_KEY: a private key", "RABBITMQ_URL", "S3_SECRET_KEY", "CURSOR_API_KEY_FILE")
                    .doesNotContainIgnoringCase("flyway");
        }
    }

    @Test
    void blanksAndNewlinesAroundValuesDoNoHarm() {
        Map<String, String> settings = new HashMap<>();
        good.forEach((name, value) -> settings.put(name, " " + value + "\n"));
        settings.put("INGESTION_WORKERS", " 2\n");
        settings.put("LOG_LEVEL", "info \n");
        try (ServiceProcess service = ServiceProcess.start(settings).awaitReady()) {
            UUID org = UUID.randomUUID();
            String token = Tokens.sign(Tokens.claims(List.of("engineer"), org), good);
            assertThat(service.get("/analytics/v1/orgs/" + org + "/freshness", token)
                            .statusCode())
                    .isEqualTo(200);
        }
    }
}

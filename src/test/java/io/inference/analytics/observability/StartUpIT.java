package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.ServiceProcess;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the packaged process says when it can not start; no server is needed for that. */
class StartUpIT {

    @Test
    void everyFaultIsOneLineAndNothingElseIsSaid() {
        List<String> lines = refused(Map.of(
                "DATABASE_URL", "mysql://root:S3cr3t@db/x",
                "INGESTION_BATCH_SIZE", "many",
                "LOG_LEVEL", "loud",
                "JWT_PUBLIC_KEY", ""));
        assertThat(lines)
                .hasSize(5)
                .allMatch(line -> line.startsWith("analytics: ") && line.contains("(expected: "))
                .noneMatch(line -> line.contains("S3cr3t"));
        assertThat(String.join("\n", lines))
                .contains(
                        "DATABASE_URL is malformed",
                        "RABBITMQ_URL is not set",
                        "JWT_PUBLIC_KEY is not set",
                        "INGESTION_BATCH_SIZE: many",
                        "LOG_LEVEL: loud (expected: error, warn, info or debug)");
    }

    @Test
    void aFaultyPropertyWithoutAVariableIsNamedToo() {
        List<String> lines = refused(Map.of(
                "DATABASE_URL",
                "postgres://user:S3cr3t@127.0.0.1:1/x",
                "RABBITMQ_URL",
                "amqp://user:S3cr3t@127.0.0.1:1",
                "JWT_JWKS_URL",
                "http://127.0.0.1:1/keys",
                "ANALYTICS_INGESTION_LATE_AFTER",
                "sometimes"));
        assertThat(lines)
                .filteredOn(line -> line.startsWith("analytics: "))
                .singleElement()
                .asString()
                .contains("analytics.ingestion.late-after");
        assertThat(String.join("\n", lines)).doesNotContain("S3cr3t", "\tat ");
    }

    private static List<String> refused(Map<String, String> settings) {
        try (ServiceProcess service = ServiceProcess.start(settings)) {
            assertThat(service.awaitEnd()).as(service.log()).isEqualTo(1);
            return service.log().lines().toList();
        }
    }
}

package io.inference.analytics.ingest;

import io.inference.analytics.ingest.TransportReader.BrokerView;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * Ready means that batches can be stored: the database takes writes, and attempts do not fail for minutes without a commit. The state of the broker is shown but does not count:
 * without the broker the API still answers, and its freshness shows what it does not know (ADR 6).
 */
@Readiness
@ApplicationScoped
class IngestReadiness implements HealthCheck {

    /** The service tries a write every second; requests should not move elsewhere because of a short busy moment. */
    private static final Duration WRITE_SILENCE_MAX = Duration.ofSeconds(10);

    private final Ingestion ingestion;
    private final IngestPipeline pipeline;
    private final Clock clock;

    IngestReadiness(Ingestion ingestion, IngestPipeline pipeline, Clock clock) {
        this.ingestion = ingestion;
        this.pipeline = pipeline;
        this.clock = clock;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder answer = HealthCheckResponse.named("ingest");
        Optional<Instant> wroteAt = ingestion.databaseTookWriteAt();
        if (wroteAt.isEmpty()) {
            return answer.up().withData("enabled", false).build();
        }
        boolean writes = Duration.between(wroteAt.get(), clock.instant()).compareTo(WRITE_SILENCE_MAX) <= 0;
        BrokerView view = ingestion.reader().view();
        answer.withData("transport", pipeline.transportName())
                .withData("broker", broker(view))
                .withData("reads", view.reads())
                .withData("backlogEvents", view.backlogMessages());
        if (view.reachableAt() != null) {
            answer.withData("brokerAnsweredAt", view.reachableAt().toString());
        }
        pipeline.lastCommittedAt().ifPresent(at -> answer.withData("lastCommittedAt", at.toString()));
        Optional<Instant> stuckSince = pipeline.stuckSince(clock.instant());
        if (!writes) {
            answer.withData("reason", "The database has taken no write since " + wroteAt.get() + ".");
        } else if (stuckSince.isPresent()) {
            answer.withData(
                    "reason",
                    "Every attempt to store a batch has failed since %s; the log has the cause."
                            .formatted(stuckSince.get()));
        }
        return answer.status(writes && stuckSince.isEmpty()).build();
    }

    private String broker(BrokerView view) {
        if (view.reachableAt() == null) {
            return "never reached";
        }
        return IngestMetrics.brokerAnswers(ingestion.reader(), clock) ? "reachable" : "unreachable";
    }
}

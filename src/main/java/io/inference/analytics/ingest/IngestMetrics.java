package io.inference.analytics.ingest;

import io.inference.analytics.event.RejectReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** Meters of the ingest; every series whose labels are known exists at 0 from the start. */
@ApplicationScoped
class IngestMetrics {

    private static final String EVENTS = "analytics.ingestion.events";

    private final Counter stored;
    private final Counter duplicates;
    private final Counter conflicts;
    private final Map<RejectReason, Counter> deadLettered = new EnumMap<>(RejectReason.class);
    private final Counter failedAttempts;
    private final Timer batchTime;

    IngestMetrics(MeterRegistry registry) {
        stored = outcome(registry, "stored", "");
        duplicates = outcome(registry, "duplicate", "");
        conflicts = outcome(registry, "conflict", "");
        for (RejectReason reason : RejectReason.values()) {
            deadLettered.put(reason, outcome(registry, "dead_lettered", reason.wireName()));
        }
        failedAttempts = Counter.builder("analytics.ingestion.failed.attempts")
                .description("Attempts to store a batch that the database did not take; each is tried again")
                .register(registry);
        batchTime = Timer.builder("analytics.ingestion.batch")
                .description("From the first decoding of a batch to its commit")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofSeconds(60))
                .register(registry);
    }

    private static Counter outcome(MeterRegistry registry, String outcome, String reason) {
        return Counter.builder(EVENTS)
                .description("Usage events by what became of them, counted after the commit")
                .tag("outcome", outcome)
                .tag("reason", reason)
                .register(registry);
    }

    void committed(BatchRecord record, PreparedBatch prepared, Duration took) {
        stored.increment(record.counts().stored());
        duplicates.increment(record.counts().duplicates());
        conflicts.increment(record.counts().conflicts());
        prepared.deadLetters()
                .forEach(letter -> deadLettered.get(letter.reason()).increment());
        batchTime.record(took);
    }

    void attemptFailed() {
        failedAttempts.increment();
    }
}

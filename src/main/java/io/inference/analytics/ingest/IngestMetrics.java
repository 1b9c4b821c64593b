package io.inference.analytics.ingest;

import io.inference.analytics.event.RejectReason;
import io.inference.analytics.platform.Traces;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/** Meters and spans of the ingest; every series whose labels are known exists at 0 from the start. */
@ApplicationScoped
class IngestMetrics {

    private static final String EVENTS = "analytics.ingestion.events";

    /** The reader asks the broker every few seconds; three missed answers are an outage. */
    static final Duration BROKER_SILENCE_MAX = Duration.ofSeconds(30);

    private static final Duration[] BATCH_BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60)
    };

    private final MeterRegistry registry;
    private final RecentUsage recent;
    private final Traces traces;
    private final Counter stored;
    private final Counter duplicates;
    private final Counter conflicts;
    private final Map<RejectReason, Counter> deadLettered = new EnumMap<>(RejectReason.class);
    private final Counter failedAttempts;
    private final Timer batchTime;

    IngestMetrics(MeterRegistry registry, RecentUsage recent, Traces traces) {
        this.registry = registry;
        this.recent = recent;
        this.traces = traces;
        stored = outcome(registry, "stored", "");
        duplicates = outcome(registry, "duplicate", "");
        conflicts = outcome(registry, "conflict", "");
        for (RejectReason reason : RejectReason.values()) {
            deadLettered.put(reason, outcome(registry, "dead_lettered", reason.wireName()));
        }
        failedAttempts = Counter.builder("analytics.ingestion.failed.attempts")
                .description(
                        "Attempts to store a batch that failed, at the database or in the service; each is tried again")
                .register(registry);
        batchTime = Timer.builder("analytics.ingestion.batch")
                .description("From the first decoding of a batch to its commit")
                .serviceLevelObjectives(BATCH_BUCKETS)
                .register(registry);
    }

    /** Shows what this replica sees at the broker; computed from memory at each scrape. */
    void watch(TransportReader reader, IngestConfig config, Clock clock) {
        if (config.transport() == IngestConfig.Transport.STREAM) {
            Gauge.builder("analytics.ingestion.stream.max.age", config, given -> given.stream()
                            .maxAge()
                            .toSeconds())
                    .description("How long the stream keeps a message, stored or not")
                    .baseUnit("seconds")
                    .strongReference(true)
                    .register(registry);
        }
        Gauge.builder("analytics.ingestion.lag", reader, transport -> lagSeconds(transport, clock))
                .description(
                        "Age of the oldest message not yet stored, as this replica knows; 0 when caught up or standing by")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
        Gauge.builder("analytics.ingestion.backlog", reader, transport -> transport
                        .view()
                        .backlogMessages())
                .description(
                        "Messages at the broker that are not stored yet, as this replica knows; 0 when standing by")
                .baseUnit("events")
                .strongReference(true)
                .register(registry);
        Gauge.builder("analytics.ingestion.broker.up", reader, transport -> brokerAnswers(transport, clock) ? 1 : 0)
                .description("Whether the broker answered this replica within the last 30 s")
                .strongReference(true)
                .register(registry);
    }

    private static double lagSeconds(TransportReader reader, Clock clock) {
        Instant oldest = reader.view().oldestUncommittedAt();
        return oldest == null
                ? 0
                : Math.max(0, Duration.between(oldest, clock.instant()).toMillis() / 1000.0);
    }

    static boolean brokerAnswers(TransportReader reader, Clock clock) {
        Instant reachableAt = reader.view().reachableAt();
        return reachableAt != null
                && Duration.between(reachableAt, clock.instant()).compareTo(BROKER_SILENCE_MAX) <= 0;
    }

    private static Counter outcome(MeterRegistry registry, String outcome, String reason) {
        return Counter.builder(EVENTS)
                .description("Usage events by what became of them, counted after the commit")
                .tag("outcome", outcome)
                .tag("reason", reason)
                .register(registry);
    }

    void committed(BatchTransaction.Committed batch, PreparedBatch prepared, Duration took) {
        BatchRecord record = batch.record();
        stored.increment(record.counts().stored());
        duplicates.increment(record.counts().duplicates());
        conflicts.increment(record.counts().conflicts());
        prepared.deadLetters()
                .forEach(letter -> deadLettered.get(letter.reason()).increment());
        batchTime.record(took);
        recent.add(batch.events(), batch.notNew());
    }

    /** The span of a batch, linked to the contexts that its messages brought. */
    Span begin(LaneBatch batch) {
        Span span = traces.start(
                "ingest batch",
                SpanKind.CONSUMER,
                batch.messages().stream().map(RawMessage::traceParent).toList());
        span.setAttribute("messaging.batch.message_count", batch.shares().size());
        span.setAttribute("analytics.correlation_id", batch.correlationId());
        return span;
    }

    /** Makes the span the current one of this thread. */
    Scope enter(Span span) {
        return traces.enter(span);
    }

    void attemptFailed() {
        failedAttempts.increment();
    }
}

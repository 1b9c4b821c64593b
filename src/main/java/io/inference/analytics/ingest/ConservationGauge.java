package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.ingest.ConservationCheck.Comparison;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.JdbiException;

/**
 * The conservation check as a gauge: what the batches of the last {@link #LOOK_BACK} have lost or made up. Every replica looks
 * every five minutes.
 *
 * <p>Bounded in both directions. The books (batches and offsets) are always compared. The rows of batches without late events, and
 * the hours that they touched, are compared only as far as the database counts them within
 * {@link ConservationCheck#COUNT_TIMEOUT_SECONDS}. The command {@code conservation} checks the whole history. When the database
 * does not answer, the last figure stays.
 */
@ApplicationScoped
class ConservationGauge {

    private static final Logger LOG = Logger.getLogger(ConservationGauge.class);

    /** Three rounds see each batch, so one that fails hides nothing. */
    private static final Duration LOOK_BACK = Duration.ofMinutes(20);

    private final ConservationCheck check;
    private final Clock clock;
    private volatile long gapEvents;

    ConservationGauge(ConservationCheck check, Clock clock, MeterRegistry registry) {
        this.check = check;
        this.clock = clock;
        Gauge.builder("analytics.conservation.gap", this, gauge -> gauge.gapEvents)
                .description(
                        "Events (of offsets: messages) of the last 20 minutes that are missing or too many; 0 is right")
                .baseUnit("events")
                .strongReference(true)
                .register(registry);
    }

    /** Makes the series exist before the first look. */
    void onStart(@Observes StartupEvent event) {
        gapEvents = 0;
    }

    @Scheduled(
            every = "${analytics.ingestion.conservation-interval}",
            delayed = "${analytics.ingestion.conservation-interval}",
            concurrentExecution = ConcurrentExecution.SKIP)
    void look() {
        Instant now = clock.instant();
        try {
            List<Comparison> comparisons = check.recent(now.minus(LOOK_BACK));
            comparisons.stream()
                    .filter(comparison -> comparison.gap() != 0)
                    .forEach(comparison -> LOG.errorf(
                            "event=conservation_gap what=\"%s\" gap=%d expected=%d found=%d first=\"%s\"",
                            comparison.name(),
                            comparison.gap(),
                            comparison.expected(),
                            comparison.found(),
                            comparison.firstGap().orElse("")));
            gapEvents = comparisons.stream().mapToLong(Comparison::gap).sum();
        } catch (JdbiException e) {
            LOG.warnf("event=conservation_not_checked sqlstate=%s", SqlState.of(e));
        }
    }
}

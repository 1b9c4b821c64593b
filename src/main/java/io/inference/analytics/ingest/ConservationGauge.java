package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.ingest.ConservationCheck.Recent;
import io.inference.analytics.ingest.ConservationRecord.Found;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.JdbiException;

/**
 * The conservation check as gauges: what the batches of the last {@link #LOOK_BACK} have lost or made up. One replica checks per
 * interval, and every replica shows what it found.
 *
 * <p>Bounded in both directions. The offsets are compared first. The rows of batches without late events, and the hours that they
 * touched, are compared only as far as the database counts them within {@link ConservationCheck#COUNT_TIMEOUT_SECONDS}. The
 * command {@code conservation} checks the whole history.
 *
 * <p>A check that did not compare everything, or failed, does not count: the time of the last whole one stays, and an alert fires when
 * that is too long ago. Its gap counts only if it is not 0.
 */
@ApplicationScoped
class ConservationGauge {

    private static final Logger LOG = Logger.getLogger(ConservationGauge.class);

    /** Three rounds see each batch, so one that fails hides nothing. */
    private static final Duration LOOK_BACK = Duration.ofMinutes(20);

    private final ConservationCheck check;
    private final ConservationRecord books;
    private final Duration interval;
    private final boolean enabled;
    private final Clock clock;
    private final Instant startedAt;
    private volatile Found found;

    ConservationGauge(
            ConservationCheck check,
            ConservationRecord books,
            IngestConfig config,
            Clock clock,
            MeterRegistry registry) {
        this.check = check;
        this.books = books;
        this.interval = config.conservationInterval();
        this.enabled = config.enabled();
        this.clock = clock;
        this.startedAt = clock.instant();
        this.found = new Found(Optional.empty(), Optional.empty());
        Gauge.builder(
                        "analytics.conservation.gap",
                        this,
                        gauge -> gauge.found.gap().map(Long::doubleValue).orElse(Double.NaN))
                .description(
                        "Events (of offsets: messages; of tokens and cost: hours) of the last 20 minutes that are missing,"
                                + " too many or different; 0 is right, NaN: not checked yet")
                .baseUnit("events")
                .strongReference(true)
                .register(registry);
        TimeGauge.builder(
                        "analytics.conservation.last.checked.timestamp",
                        this,
                        TimeUnit.MILLISECONDS,
                        gauge -> gauge.found.checkedAt().orElse(gauge.startedAt).toEpochMilli())
                .description(
                        "When everything of that was last compared, by any replica; the start of this one before the first time")
                .strongReference(true)
                .register(registry);
    }

    /** What an earlier check found, by whichever replica. A command shows no metrics, and may have no database. */
    void onStart(@Observes StartupEvent event) {
        if (enabled) {
            read();
        }
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.ingestion.conservation-interval}",
            delayed = "${analytics.ingestion.conservation-interval}",
            concurrentExecution = ConcurrentExecution.SKIP)
    void look() {
        try {
            if (books.begin(interval)) {
                checkBooks();
            }
        } catch (JdbiException e) {
            LOG.warnf("event=conservation_not_checked sqlstate=%s", SqlState.of(e));
        }
        read();
    }

    private void read() {
        try {
            found = books.found();
        } catch (JdbiException e) {
            LOG.warnf("event=conservation_not_read sqlstate=%s", SqlState.of(e));
        }
    }

    private void checkBooks() {
        Recent recent = check.recent(clock.instant().minus(LOOK_BACK));
        recent.comparisons().stream()
                .filter(comparison -> comparison.gap() != 0)
                .forEach(comparison -> LOG.errorf(
                        "event=conservation_gap what=\"%s\" gap=%d expected=%d found=%d first=\"%s\"",
                        comparison.name(),
                        comparison.gap(),
                        comparison.expected(),
                        comparison.found(),
                        comparison.firstGap().orElse("")));
        if (recent.complete()) {
            books.checked(recent.gap());
        } else {
            LOG.warnf(
                    "event=conservation_not_checked compared=%d timeout_s=%d",
                    recent.comparisons().size(), ConservationCheck.COUNT_TIMEOUT_SECONDS);
            if (recent.gap() != 0) {
                books.gap(recent.gap());
            }
        }
    }
}

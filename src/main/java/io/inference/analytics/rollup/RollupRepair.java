package io.inference.analytics.rollup;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Recomputes rollups from the raw events, step by step: an hour in flavour postgres, a day in
 * flavour timescale.
 *
 * <p>Each step holds the rollup job's lock, so that one process at a time touches the rollups, and
 * releases it, so that the outbox does not grow meanwhile. A failure leaves the earlier steps
 * recomputed and the failed one unchanged; a second run does no harm.
 *
 * <p>Bound: no day whose raw events retention may have dropped, as only its rollups are left, and
 * no day after tomorrow.
 */
@ApplicationScoped
public class RollupRepair {

    /** A round of the job takes seconds; after an outage, when it closes many hours, minutes. */
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(5);

    private static final long LOCK_RETRY_MILLIS = 200;
    private static final Duration STATEMENT_MAX = Duration.ofMinutes(55);
    private static final Duration LOCK_MAX = Duration.ofMinutes(2);

    private final RollupJob job;
    private final Jdbi jdbi;
    private final Retention retention;
    private final Clock clock;

    RollupRepair(RollupJob job, Jdbi jdbi, Retention retention, Clock clock) {
        this.job = job;
        this.jdbi = jdbi;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Recomputes the whole UTC days that the range touches.
     *
     * @param done receives each day once it is committed
     * @return how many days were recomputed
     * @throws Failure.Invalid when the range goes beyond the raw events
     * @throws Failure.Unavailable when another process keeps the rollups' lock for minutes
     */
    public int recompute(TimeRange range, Consumer<LocalDate> done) throws InterruptedException {
        check(range);
        List<Instant> days = days(range);
        RollupRefresh refresh = job.refresh();
        try (Handle handle = jdbi.open()) {
            for (Instant day : days) {
                Instant end = day.plus(1, ChronoUnit.DAYS);
                for (Instant low = day; low.isBefore(end); low = low.plus(refresh.recomputeStep())) {
                    Instant start = low;
                    underLock(handle, () -> refresh.recompute(handle, start));
                }
                done.accept(LocalDate.ofInstant(day, ZoneOffset.UTC));
            }
        }
        return days.size();
    }

    private static List<Instant> days(TimeRange range) {
        List<Instant> days = new ArrayList<>();
        Instant day = range.start().truncatedTo(ChronoUnit.DAYS);
        while (day.isBefore(range.end())) {
            days.add(day);
            day = day.plus(1, ChronoUnit.DAYS);
        }
        return days;
    }

    /**
     * Checks a range before its raw events are changed, so that they never change without their
     * rollups.
     *
     * @throws Failure.Invalid when {@link #recompute} would refuse the range
     */
    public void check(TimeRange range) {
        Instant now = clock.instant();
        Instant low = range.start().truncatedTo(ChronoUnit.DAYS);
        Instant available = Retention.availableFrom(now, retention.raw());
        if (low.isBefore(available)) {
            throw new Failure.Invalid(
                    "from",
                    "from: %s (expected: %s or later; raw events before that may be gone)".formatted(low, available));
        }
        Instant endMax = now.truncatedTo(ChronoUnit.DAYS).plus(2, ChronoUnit.DAYS);
        if (range.end().isAfter(endMax)) {
            throw new Failure.Invalid(
                    "to", "to: %s (expected: %s at most, tomorrow's end)".formatted(range.end(), endMax));
        }
    }

    private void underLock(Handle handle, Runnable work) throws InterruptedException {
        Instant deadline = clock.instant().plus(LOCK_PATIENCE);
        while (!RollupLock.ROLLUPS.tryRun(handle, STATEMENT_MAX, LOCK_MAX, work)) {
            if (clock.instant().isAfter(deadline)) {
                throw new Failure.Unavailable(
                        "another process has been working on the rollups for %s (expected: their lock within that time)"
                                .formatted(LOCK_PATIENCE),
                        LOCK_PATIENCE,
                        null);
            }
            TimeUnit.MILLISECONDS.sleep(LOCK_RETRY_MILLIS);
        }
    }
}

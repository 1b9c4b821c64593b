package io.inference.analytics.rollup;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/**
 * Takes a user's id out of the raw events and the rollups, one UTC day after the other. The figures
 * join those of events without a user, so no sum changes.
 *
 * <p>Each day is one transaction under the ingest lock, so ingest waits for one day at most. A run
 * that ends early has erased whole days; a second run erases the rest.
 *
 * <p>Bound: what the service keeps in these tables. Messages at the broker and the payloads of
 * conflicts and dead letters keep the id until their own retention ends.
 */
@ApplicationScoped
public class UserErasure {

    private static final String DAYS =
            """
            select bucket_start as day from analytics.usage_user_daily where user_id = :user
            union
            select date_trunc('day', occurred_at, 'UTC') from analytics.usage_events
            where actor_id = :user and occurred_at < :rollupsFrom
            order by day
            """;

    private static final String ERASE = "select analytics.erase_user(:user, :low, :high) as recompute";

    private static final String LIMITS =
            "set transaction isolation level read committed; set local statement_timeout = '55min'; "
                    + "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

    private static final String ENTER_LANE = "select analytics.enter_lane_alone()";

    private final Jdbi jdbi;
    private final RollupRepair rollups;
    private final Retention retention;
    private final Clock clock;

    UserErasure(Jdbi jdbi, RollupRepair rollups, Retention retention, Clock clock) {
        this.jdbi = jdbi;
        this.rollups = rollups;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * Erases the id in all organisations.
     *
     * @param done receives each day once it is committed
     * @return how many days had the user
     */
    public int eraseId(UUID user, Consumer<LocalDate> done) throws InterruptedException {
        Instant now = clock.instant();
        awaitBatches();
        List<Instant> days = jdbi.withHandle(handle -> handle.createQuery(DAYS)
                .bind("user", user)
                .bind("rollupsFrom", Retention.availableFrom(now, retention.rollups()))
                .mapTo(Instant.class)
                .list());
        for (Instant day : days) {
            TimeRange range = new TimeRange(day, day.plus(1, ChronoUnit.DAYS));
            boolean recompute = erase(user, range);
            if (recompute && !day.isBefore(Retention.availableFrom(now, retention.raw()))) {
                rollups.recompute(range, recomputed -> {});
            }
            done.accept(LocalDate.ofInstant(day, ZoneOffset.UTC));
        }
        return days.size();
    }

    /** So that the days of events whose batches have committed by now are seen. */
    private void awaitBatches() {
        jdbi.useTransaction(handle -> {
            handle.execute(LIMITS);
            handle.execute(ENTER_LANE);
        });
    }

    private boolean erase(UUID user, TimeRange day) {
        return jdbi.inTransaction(handle -> {
            handle.execute(LIMITS);
            handle.execute(ENTER_LANE);
            return handle.createQuery(ERASE)
                    .bind("user", user)
                    .bind("low", day.start())
                    .bind("high", day.end())
                    .mapTo(Boolean.class)
                    .one();
        });
    }
}

package io.inference.analytics.price;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Prices stored events again by the book as it is now. It touches only events that the service has priced itself, or that have no
 * cost: what a producer sent stays.
 *
 * <p>The events of a UTC day are changed in one transaction, under the ingest lock, so ingest waits for one day at most. Then the
 * rollups of that day are recomputed. A run that ends early leaves the rollups of one day behind; a second run changes nothing
 * that is right.
 */
@ApplicationScoped
public class Repricing {

    private static final String RATED =
            """
            select e.org_id, e.event_id, e.occurred_at, e.cost_estimate_cents as old_cents, e.priced_by as old_price, p.price_id,
                   p.cents as new_cents
            from analytics.usage_events e
            left join lateral (select q.price_id, analytics.event_cost(q, e.input_tokens, e.output_tokens, e.cache_read_input_tokens,
                                      e.cache_write_input_tokens, e.cache_write_1h_input_tokens) as cents
                               from (%s) q) p on p.cents is not null
            where e.occurred_at >= :start and e.occurred_at < :end and (e.cost_estimate_cents is null or e.priced_by is not null)
            """
                    .formatted(PriceBook.OF_EVENT);

    private static final String SUMS =
            """
            select org_id, count(*) filter (where old_cents is distinct from new_cents) as events,
                   coalesce(sum(old_cents), 0) as old_cents, coalesce(sum(new_cents), 0) as new_cents,
                   count(*) filter (where old_cents is null) as unpriced_before,
                   count(*) filter (where new_cents is null) as unpriced_after
            from (%s) rated
            group by org_id
            order by org_id
            """
                    .formatted(RATED);

    private static final String APPLY =
            """
            update analytics.usage_events e set cost_estimate_cents = rated.new_cents, priced_by = rated.price_id
            from (%s) rated
            where e.org_id = rated.org_id and e.event_id = rated.event_id and e.occurred_at = rated.occurred_at
              and e.occurred_at >= :start and e.occurred_at < :end
              and (rated.old_cents is distinct from rated.new_cents or rated.old_price is distinct from rated.price_id)
            """
                    .formatted(RATED);

    /** Days of half-hour zones come from raw events in part, so they have the new costs at once. */
    private static final String UNBUILD = "select analytics.unbuild_local_spans(:start, :end)";

    private static final String RECORD =
            """
            insert into analytics.price_repricing (run_id, org_id, range_start, range_end, events, old_cents, new_cents, unpriced_before,
                unpriced_after, applied_by, applied_at)
            values (:run, :org, :start, :end, :events, :oldCents, :newCents, :unpricedBefore, :unpricedAfter, :by, :now)
            """;

    private static final Duration RETRY_AFTER = Duration.ofMinutes(1);

    private static final String ENTER_LANE = "select analytics.enter_lane_alone()";
    private static final String LIMITS =
            "set transaction isolation level read committed; set local statement_timeout = '55min'; set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

    /**
     * What a repricing changes for an organisation; cents, exact.
     *
     * @param events whose cost differs
     */
    public record Change(
            UUID org, long events, BigDecimal oldCents, BigDecimal newCents, long unpricedBefore, long unpricedAfter) {

        /** Both together, of the same organisation. */
        public Change plus(Change other) {
            return new Change(
                    org,
                    events + other.events,
                    oldCents.add(other.oldCents),
                    newCents.add(other.newCents),
                    unpricedBefore + other.unpricedBefore,
                    unpricedAfter + other.unpricedAfter);
        }
    }

    private final Jdbi jdbi;
    private final RollupRepair rollups;
    private final Retention retention;
    private final Clock clock;

    Repricing(Jdbi jdbi, RollupRepair rollups, Retention retention, Clock clock) {
        this.jdbi = jdbi;
        this.rollups = rollups;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * What applying it would change, by organisation.
     *
     * @throws Failure.Invalid when the range reaches beyond the raw events or past tomorrow's end
     */
    public List<Change> preview(TimeRange range) {
        check(range);
        return jdbi.inTransaction(handle -> {
            handle.execute(LIMITS);
            return changes(handle, range);
        });
    }

    /**
     * Applies it, recomputes the rollups, and keeps a record, one UTC day after the other.
     *
     * @return the changes of all days, by organisation
     * @throws Failure.Invalid as {@link #preview} does, before anything is changed
     * @throws Failure.Unavailable when the costs of a day are changed and its rollups are not
     */
    public List<Change> apply(TimeRange range, String by) throws InterruptedException {
        check(range);
        Map<UUID, Change> changes = new TreeMap<>(Comparator.comparing(UUID::toString));
        for (TimeRange day : range.byDay()) {
            for (Change change : applyDay(day, by)) {
                changes.merge(change.org(), change, Change::plus);
            }
            recompute(day);
        }
        return List.copyOf(changes.values());
    }

    private List<Change> applyDay(TimeRange day, String by) {
        return jdbi.inTransaction(handle -> {
            handle.execute(LIMITS);
            handle.execute(ENTER_LANE);
            List<Change> changes = changes(handle, day);
            handle.createUpdate(APPLY)
                    .bind("start", day.start())
                    .bind("end", day.end())
                    .execute();
            handle.createUpdate(UNBUILD)
                    .bind("start", day.start())
                    .bind("end", day.end())
                    .execute();
            record(handle, day, changes, by);
            return changes;
        });
    }

    /** Whatever prevents it, the events of the day have new costs by now, which the caller has to know. */
    private void recompute(TimeRange day) throws InterruptedException {
        try {
            rollups.recompute(day, done -> {});
        } catch (RuntimeException e) {
            throw new Failure.Unavailable(
                    "the events from %s on have new costs, but their rollups do not (%s): reprice again, or refresh the rollups from %s to %s"
                            .formatted(day.start(), e.getMessage(), day.start(), day.end()),
                    RETRY_AFTER,
                    e);
        }
    }

    private void check(TimeRange range) {
        rollups.check(range);
        Instant available = Retention.availableFrom(clock.instant(), retention.raw());
        if (range.start().isBefore(available)) {
            throw new Failure.Invalid(
                    "from",
                    "from: %s (expected: %s or later; raw events before that may be gone)"
                            .formatted(range.start(), available));
        }
    }

    private static List<Change> changes(Handle handle, TimeRange range) {
        return handle.createQuery(SUMS)
                .bind("start", range.start())
                .bind("end", range.end())
                .map(row -> new Change(
                        row.getColumn("org_id", UUID.class),
                        row.getColumn("events", Long.class),
                        row.getColumn("old_cents", BigDecimal.class),
                        row.getColumn("new_cents", BigDecimal.class),
                        row.getColumn("unpriced_before", Long.class),
                        row.getColumn("unpriced_after", Long.class)))
                .list();
    }

    private void record(Handle handle, TimeRange range, List<Change> changes, String by) {
        if (changes.isEmpty()) {
            return;
        }
        UUID runId = UUID.randomUUID();
        try (PreparedBatch batch = handle.prepareBatch(RECORD)) {
            for (Change change : changes) {
                batch.bind("run", runId)
                        .bind("org", change.org())
                        .bind("start", range.start())
                        .bind("end", range.end())
                        .bind("events", change.events())
                        .bind("oldCents", change.oldCents())
                        .bind("newCents", change.newCents())
                        .bind("unpricedBefore", change.unpricedBefore())
                        .bind("unpricedAfter", change.unpricedAfter())
                        .bind("by", by)
                        .bind("now", clock.instant())
                        .add();
            }
            batch.execute();
        }
    }
}

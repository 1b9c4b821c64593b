package io.inference.analytics.price;

import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Prices stored events again by the book as it is now. It touches only events that the service has priced itself, or that have no
 * cost: what a producer sent stays.
 *
 * <p>The events of a range are changed in one transaction, under the ingest lock. The caller recomputes the rollups of the range's
 * days afterwards. A second run changes nothing.
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
                               from analytics.price_at(e.model_id, e.occurred_at) q) p on p.cents is not null
            where e.occurred_at >= :start and e.occurred_at < :end and (e.cost_estimate_cents is null or e.priced_by is not null)
            """;

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

    private static final String RECORD =
            """
            insert into analytics.price_repricing (run_id, org_id, range_start, range_end, events, old_cents, new_cents, unpriced_before,
                unpriced_after, applied_by, applied_at)
            values (:run, :org, :start, :end, :events, :oldCents, :newCents, :unpricedBefore, :unpricedAfter, :by, :now)
            """;

    private static final String ENTER_LANE = "select pg_advisory_xact_lock(" + AdvisoryLock.INGEST_LANE.key() + ")";
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
    private final Retention retention;
    private final Clock clock;

    Repricing(Jdbi jdbi, Retention retention, Clock clock) {
        this.jdbi = jdbi;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * What applying it would change, by organisation.
     *
     * @throws Failure.Invalid when the range reaches beyond the raw events
     */
    public List<Change> preview(TimeRange range) {
        check(range);
        return jdbi.inTransaction(handle -> {
            handle.execute(LIMITS);
            return changes(handle, range);
        });
    }

    /** Applies it and keeps a record. The caller recomputes the rollups of the range's days afterwards. */
    public List<Change> apply(TimeRange range, String by) {
        check(range);
        return jdbi.inTransaction(handle -> {
            handle.execute(LIMITS);
            handle.execute(ENTER_LANE);
            List<Change> changes = changes(handle, range);
            handle.createUpdate(APPLY)
                    .bind("start", range.start())
                    .bind("end", range.end())
                    .execute();
            record(handle, range, changes, by);
            return changes;
        });
    }

    private void check(TimeRange range) {
        Instant available = Retention.availableFrom(clock.instant(), retention.raw());
        if (range.start().isBefore(available)) {
            throw new Failure.Invalid(
                    "--from",
                    "--from: %s (expected: %s or later; raw events before that may be gone)"
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

package io.inference.analytics.price;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Retention;
import io.inference.analytics.platform.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Prices stored events anew by the book as it is now. Only events that the service has priced itself, or that have no cost: what a
 * producer said stays.
 *
 * <p>The events of a range are changed in one transaction, under the lock of the ingest; the rollups of its days have to be computed
 * anew afterwards by the caller. Doing it again changes nothing.
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
            where e.occurred_at >= ? and e.occurred_at < ? and (e.cost_estimate_cents is null or e.priced_by is not null)
            """;

    private static final String SUMS =
            """
            select org_id, count(*) filter (where old_cents is distinct from new_cents), coalesce(sum(old_cents), 0), coalesce(sum(new_cents), 0),
                   count(*) filter (where old_cents is null), count(*) filter (where new_cents is null)
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
              and e.occurred_at >= ? and e.occurred_at < ?
              and (rated.old_cents is distinct from rated.new_cents or rated.old_price is distinct from rated.price_id)
            """
                    .formatted(RATED);

    private static final String RECORD =
            """
            insert into analytics.price_repricing (run_id, org_id, range_start, range_end, events, old_cents, new_cents, unpriced_before,
                unpriced_after, applied_by, applied_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String ENTER_LANE = "select pg_advisory_xact_lock(analytics.ingest_lane())";
    private static final String LIMITS =
            "set local statement_timeout = '55min'; set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

    /**
     * What a repricing changes for an organisation; cents, exact.
     *
     * @param events whose cost differs
     */
    public record Change(
            UUID org, long events, BigDecimal oldCents, BigDecimal newCents, long unpricedBefore, long unpricedAfter) {}

    private final DataSource dataSource;
    private final Retention retention;
    private final Clock clock;

    Repricing(DataSource dataSource, Retention retention, Clock clock) {
        this.dataSource = dataSource;
        this.retention = retention;
        this.clock = clock;
    }

    /**
     * What applying it would change, by organisation.
     *
     * @throws Failure.Invalid when the range reaches beyond the raw events
     */
    public List<Change> preview(TimeRange range) throws SQLException {
        check(range);
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                execute(connection, LIMITS);
                return sums(connection, range);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    /** Applies it and keeps a record; the rollups of the range's days are to be computed anew. */
    public List<Change> apply(TimeRange range, String by) throws SQLException {
        check(range);
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                execute(connection, LIMITS);
                execute(connection, ENTER_LANE);
                List<Change> changes = sums(connection, range);
                try (PreparedStatement update = connection.prepareStatement(APPLY)) {
                    for (int i = 1; i <= 3; i += 2) {
                        update.setObject(i, PriceBook.utc(range.start()));
                        update.setObject(i + 1, PriceBook.utc(range.end()));
                    }
                    update.executeUpdate();
                }
                record(connection, range, changes, by);
                connection.commit();
                return changes;
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    private void check(TimeRange range) {
        var available = Retention.availableFrom(clock.instant(), retention.raw());
        if (range.start().isBefore(available)) {
            throw new Failure.Invalid(
                    "--from",
                    "--from: %s (expected: %s or later; raw events before that may be gone)"
                            .formatted(range.start(), available));
        }
    }

    private static List<Change> sums(Connection connection, TimeRange range) throws SQLException {
        List<Change> changes = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(SUMS)) {
            select.setObject(1, PriceBook.utc(range.start()));
            select.setObject(2, PriceBook.utc(range.end()));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    changes.add(new Change(
                            row.getObject(1, UUID.class),
                            row.getLong(2),
                            row.getBigDecimal(3),
                            row.getBigDecimal(4),
                            row.getLong(5),
                            row.getLong(6)));
                }
            }
        }
        return changes;
    }

    private void record(Connection connection, TimeRange range, List<Change> changes, String by) throws SQLException {
        UUID runId = UUID.randomUUID();
        try (PreparedStatement insert = connection.prepareStatement(RECORD)) {
            for (Change change : changes) {
                insert.setObject(1, runId);
                insert.setObject(2, change.org());
                insert.setObject(3, PriceBook.utc(range.start()));
                insert.setObject(4, PriceBook.utc(range.end()));
                insert.setLong(5, change.events());
                insert.setBigDecimal(6, change.oldCents());
                insert.setBigDecimal(7, change.newCents());
                insert.setLong(8, change.unpricedBefore());
                insert.setLong(9, change.unpricedAfter());
                insert.setString(10, by);
                insert.setObject(11, PriceBook.utc(clock.instant()));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

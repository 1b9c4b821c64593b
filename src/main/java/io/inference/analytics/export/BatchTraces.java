package io.inference.analytics.export;

import io.inference.analytics.database.SqlState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.Query;

/**
 * Leads from a file to the traces of its batches, each of which links to the publishers. A span holds few links, so only the
 * batches of the newest two hours count; {@code ingestion_batches.trace_parent} has the others.
 *
 * <p>No file depends on it: a database that is too busy for it gives no traces.
 */
final class BatchTraces {

    private static final Logger LOG = Logger.getLogger(BatchTraces.class);

    private static final String LIMITS = "set transaction read only; set local statement_timeout = '3s'";

    private static final String NEWEST_HOUR =
            """
            select bucket_start from analytics.usage_hourly
            where org_id = :org and bucket_start >= :start and bucket_start < :end %s
            order by bucket_start desc
            limit 1
            """;

    private static final String TRACES =
            """
            select batch.trace_parent
            from (
                select distinct batch_id from analytics.usage_events
                where org_id = :org and occurred_at >= :start and occurred_at < :end %s) as brought
            join analytics.ingestion_batches batch using (batch_id)
            where batch.trace_parent is not null
            order by batch_id desc
            limit :limit
            """;

    private static final String OF_MODELS = "and model_id = any (:models)";

    private BatchTraces() {}

    /** Contexts of the spans that stored the events of the order's newest hour with events and of the hour before, newest batch first. */
    static List<String> newest(Jdbi jdbi, UUID org, ExportOrder order, int limit) {
        Instant start = order.range().start();
        Instant end = order.range().end();
        try {
            return jdbi.inTransaction(handle -> {
                handle.execute(LIMITS);
                Optional<Instant> hour = query(handle, NEWEST_HOUR, org, order)
                        .bind("start", start.truncatedTo(ChronoUnit.HOURS))
                        .bind("end", end)
                        .mapTo(Instant.class)
                        .findOne();
                if (hour.isEmpty()) {
                    return List.of();
                }
                return query(handle, TRACES, org, order)
                        .bind("start", later(start, hour.get().minus(1, ChronoUnit.HOURS)))
                        .bind("end", earlier(end, hour.get().plus(1, ChronoUnit.HOURS)))
                        .bind("limit", limit)
                        .mapTo(String.class)
                        .list();
            });
        } catch (JdbiException e) {
            LOG.warnf("event=export_without_traces orgId=%s sqlState=%s", org, SqlState.of(e));
            return List.of();
        }
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private static Query query(Handle handle, String sql, UUID org, ExportOrder order) {
        boolean all = order.models().isEmpty();
        Query query = handle.createQuery(sql.formatted(all ? "" : OF_MODELS)).bind("org", org);
        return all ? query : query.bindArray("models", UUID.class, new ArrayList<>(order.models()));
    }
}

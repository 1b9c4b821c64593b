package io.inference.analytics.export;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * Leads from a file to the traces of its batches, each of which links to the publishers. A span holds few links, so only the
 * newest events count; {@code ingestion_batches.trace_parent} has the others.
 */
final class BatchTraces {

    private static final int EVENTS_MAX = 10_000;

    private static final String NEWEST =
            """
            select batch.trace_parent
            from (
                select distinct batch_id
                from (
                    select batch_id from analytics.usage_events
                    where org_id = :org and occurred_at >= :start and occurred_at < :end %s
                    order by occurred_at desc
                    limit :events) as newest) as brought
            join analytics.ingestion_batches batch using (batch_id)
            where batch.trace_parent is not null
            order by batch_id desc
            limit :limit
            """;

    private static final String OF_MODELS = "and model_id = any (:models)";

    private BatchTraces() {}

    static List<String> newest(Handle handle, UUID org, ExportOrder order, int limit) {
        boolean all = order.models().isEmpty();
        Query query = handle.createQuery(NEWEST.formatted(all ? "" : OF_MODELS))
                .bind("org", org)
                .bind("start", order.range().start())
                .bind("end", order.range().end())
                .bind("events", EVENTS_MAX)
                .bind("limit", limit);
        return (all ? query : query.bindArray("models", UUID.class, new ArrayList<>(order.models())))
                .mapTo(String.class)
                .list();
    }
}

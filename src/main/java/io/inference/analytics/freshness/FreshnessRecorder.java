package io.inference.analytics.freshness;

import io.inference.analytics.platform.AfterRollup;
import io.inference.analytics.platform.NetworkCause;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Advances {@code freshness_status} in the transaction that ends a rollup round, and mirrors the
 * organisations touched to Redis. {@link FreshnessJob} decides their status: rolled-up events say
 * nothing about those that still wait.
 *
 * <p>A mirror that fails is written again with the organisation's next events; nothing in this
 * service reads it.
 */
@ApplicationScoped
class FreshnessRecorder implements AfterRollup {

    private static final Logger LOG = Logger.getLogger(FreshnessRecorder.class);

    private static final String NOTE =
            """
            insert into analytics.freshness_status as status (org_id, model_id, last_event_at, last_rollup_at, updated_at)
            select org_id, model_id, max(last_event_at), :at, :at
            from analytics.rollup_outbox
            cross join lateral unnest(org_ids, model_ids, last_event_ats) as touched (org_id, model_id, last_event_at)
            where batch_id = any (:batches)
            group by org_id, model_id
            order by org_id, model_id
            on conflict (org_id, model_id) do update set
                last_event_at = greatest(status.last_event_at, excluded.last_event_at),
                last_rollup_at = greatest(status.last_rollup_at, excluded.last_rollup_at),
                updated_at = excluded.updated_at
            returning org_id
            """;

    private static final String ENTRIES =
            """
            select org_id, model_id, last_event_at, last_rollup_at, lag_seconds, status
            from analytics.freshness_status
            where org_id = any (:orgs)
            order by org_id, model_id
            """;

    private final Jdbi jdbi;
    private final FreshnessCache cache;
    private volatile boolean mirrored = true;

    FreshnessRecorder(Jdbi jdbi, FreshnessCache cache) {
        this.jdbi = jdbi;
        this.cache = cache;
    }

    @Override
    public List<UUID> note(Handle handle, List<Long> batchIds, Instant rolledUpAt) {
        List<UUID> touched = handle.createQuery(NOTE)
                .bind("at", rolledUpAt)
                .bindArray("batches", Long.class, batchIds)
                .mapTo(UUID.class)
                .list();
        return touched.stream().distinct().toList();
    }

    @Override
    public void publish(List<UUID> orgs) {
        if (orgs.isEmpty()) {
            return;
        }
        try {
            cache.write(entries(orgs));
            mirrored = true;
        } catch (RuntimeException e) {
            // Once per outage: nothing else depends on Redis, and every batch would say the same.
            LOG.logf(
                    mirrored ? Logger.Level.WARN : Logger.Level.DEBUG,
                    "event=freshness_not_mirrored setting=REDIS_URL orgs=%d cause=\"%s\"",
                    orgs.size(),
                    NetworkCause.of(e));
            mirrored = false;
        }
    }

    private List<FreshnessCache.Entry> entries(List<UUID> orgs) {
        return jdbi.withHandle(handle -> handle.createQuery(ENTRIES)
                .bindArray("orgs", UUID.class, orgs)
                .map(row -> new FreshnessCache.Entry(
                        row.getColumn("org_id", UUID.class),
                        row.getColumn("model_id", UUID.class),
                        row.getColumn("last_event_at", Instant.class),
                        row.getColumn("last_rollup_at", Instant.class),
                        row.getColumn("lag_seconds", Long.class),
                        row.getColumn("status", String.class)))
                .list());
    }
}

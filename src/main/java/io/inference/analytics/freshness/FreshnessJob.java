package io.inference.analytics.freshness;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Retention;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Writes the result of the freshness rules into {@code freshness_status}, for readers of the table,
 * and mirrors what changed to Redis. The API computes the result itself at each request.
 *
 * <p>Bound: a row is written when its status changes or its lag has moved by a minute, so {@code
 * lag_seconds} is off by up to a minute. One replica works at a time. On failure the rows stay as
 * they are until the next round, and {@code updated_at} shows their age.
 */
@ApplicationScoped
class FreshnessJob {

    private static final Logger LOG = Logger.getLogger(FreshnessJob.class);
    private static final String TRY_LOCK = "select pg_try_advisory_xact_lock(" + AdvisoryLock.FRESHNESS.key() + ")";
    private static final String LIMITS = "set local statement_timeout = '5s'; set local lock_timeout = '1s'";

    // Rows are locked in the order of their keys, as by the rollup job. A row that the job holds
    // gets its status in the next round.
    private static final String JUDGE =
            """
            with behind (hours) as (
                select analytics.hours_behind(array(select distinct unnest(hours) from analytics.rollup_outbox))
            ), pending as (
                select touched.org_id, touched.model_id, min(batch.committed_at) as oldest_at
                from (select committed_at, org_ids, model_ids from analytics.rollup_outbox
                      where hours && (select hours from behind)) as batch
                cross join lateral unnest(batch.org_ids, batch.model_ids) as touched (org_id, model_id)
                group by touched.org_id, touched.model_id
            ), lag as (
                select org_id, model_id, greatest(:ingestLag, extract(epoch from :now - pending.oldest_at)::integer, 0) as seconds
                from analytics.freshness_status left join pending using (org_id, model_id)
            ), verdict as (
                select org_id, model_id, seconds,
                       case when :unknown then 'unknown' when seconds <= %d then 'fresh' when seconds <= %d then 'delayed' else 'stale' end as status
                from lag
            ), changed as (
                select shown.org_id, shown.model_id, verdict.seconds, verdict.status
                from analytics.freshness_status shown join verdict using (org_id, model_id)
                where shown.status <> verdict.status or abs(shown.lag_seconds - verdict.seconds) >= 60
                order by shown.org_id, shown.model_id
                for update of shown skip locked
            )
            update analytics.freshness_status shown
            set status = changed.status, lag_seconds = changed.seconds, updated_at = :now
            from changed where shown.org_id = changed.org_id and shown.model_id = changed.model_id
            returning shown.org_id
            """
                    .formatted(FreshnessStatus.FRESH_LAG_SECONDS_MAX, FreshnessStatus.DELAYED_LAG_SECONDS_MAX);

    /** In steps, so that no transaction grows with the backlog. */
    private static final String FORGET =
            """
            delete from analytics.freshness_status where (org_id, model_id) in (
                select org_id, model_id from analytics.freshness_status where last_event_at < :before limit 10000
                for update skip locked)
            """;

    private final Jdbi jdbi;
    private final FreshnessRecorder recorder;
    private final Retention retention;
    private final Clock clock;

    FreshnessJob(Jdbi jdbi, FreshnessRecorder recorder, Retention retention, Clock clock) {
        this.jdbi = jdbi;
        this.recorder = recorder;
        this.retention = retention;
        this.clock = clock;
    }

    @EndsBeforeStop
    @Scheduled(every = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        List<UUID> changed;
        try {
            changed = jdbi.inTransaction(handle -> tryLock(handle) ? judge(handle) : List.<UUID>of());
        } catch (JdbiException e) {
            LOG.debugf("event=freshness_not_judged sqlstate=%s", SqlState.of(e));
            return;
        }
        recorder.publish(changed);
    }

    /**
     * Removes pairs of organisation and model whose last event is older than any rollup: each round
     * reads all pairs.
     */
    @EndsBeforeStop
    @Scheduled(every = "1h", delayed = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void forget() {
        Instant before = Retention.availableFrom(clock.instant(), retention.rollups());
        try {
            jdbi.useHandle(handle -> {
                while (handle.createUpdate(FORGET).bind("before", before).execute() > 0) {
                    LOG.debug("event=freshness_forgot");
                }
            });
        } catch (JdbiException e) {
            LOG.warnf("event=freshness_not_forgotten sqlstate=%s", SqlState.of(e));
        }
    }

    private static boolean tryLock(Handle handle) {
        handle.execute(LIMITS);
        return handle.createQuery(TRY_LOCK).mapTo(Boolean.class).one();
    }

    private List<UUID> judge(Handle handle) {
        Instant now = clock.instant();
        IngestState ingest = FreshnessStore.ingest(handle, now);
        List<UUID> changed = handle.createQuery(JUDGE)
                .bind("now", now)
                .bind("ingestLag", (int)
                        Math.min(Integer.MAX_VALUE, ingest.lagSeconds().orElse(0)))
                .bind("unknown", ingest.lagSeconds().isEmpty())
                .mapTo(UUID.class)
                .list();
        return changed.stream().distinct().toList();
    }
}

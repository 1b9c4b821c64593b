package io.inference.analytics.freshness;

import io.inference.analytics.platform.AdvisoryLock;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Writes the verdict of the freshness rules into {@code freshness_status}, for those who read the table, and mirrors what changed
 * to Redis. The API computes the verdict itself at each request.
 *
 * <p>Bound: a row is written when its status changes or its lag moved by a minute, so {@code lag_seconds} is up to a minute off.
 * One replica at a time. On failure the rows stay as they are until the next round, and {@code updated_at} tells.
 */
@ApplicationScoped
class FreshnessJob {

    private static final Logger LOG = Logger.getLogger(FreshnessJob.class);
    private static final String TRY_LOCK = "select pg_try_advisory_xact_lock(" + AdvisoryLock.FRESHNESS.key() + ")";
    private static final String LIMITS = "set local statement_timeout = '5s'; set local lock_timeout = '1s'";

    // In the order of the keys, as the rollup job takes them; a row that it has in hand gets its verdict in the next
    // round.
    private static final String JUDGE =
            """
            with pending as (
                select touched.org_id, touched.model_id, min(batch.committed_at) as oldest_at
                from (select committed_at, org_ids, model_ids from analytics.rollup_outbox
                      where hours && analytics.hours_behind(hours)) as batch
                cross join lateral unnest(batch.org_ids, batch.model_ids) as touched (org_id, model_id)
                group by touched.org_id, touched.model_id
            ), lag as (
                select org_id, model_id, greatest(?, extract(epoch from ? - pending.oldest_at)::integer, 0) as seconds
                from analytics.freshness_status left join pending using (org_id, model_id)
            ), verdict as (
                select org_id, model_id, seconds,
                       case when ? then 'unknown' when seconds <= %d then 'fresh' when seconds <= %d then 'delayed' else 'stale' end as status
                from lag
            ), changed as (
                select shown.org_id, shown.model_id, verdict.seconds, verdict.status
                from analytics.freshness_status shown join verdict using (org_id, model_id)
                where shown.status <> verdict.status or abs(shown.lag_seconds - verdict.seconds) >= 60
                order by shown.org_id, shown.model_id
                for update of shown skip locked
            )
            update analytics.freshness_status shown
            set status = changed.status, lag_seconds = changed.seconds, updated_at = ?
            from changed where shown.org_id = changed.org_id and shown.model_id = changed.model_id
            returning shown.org_id
            """
                    .formatted(FreshnessStatus.FRESH_LAG_SECONDS_MAX, FreshnessStatus.DELAYED_LAG_SECONDS_MAX);

    private final DataSource dataSource;
    private final FreshnessRecorder recorder;
    private final Clock clock;

    FreshnessJob(DataSource dataSource, FreshnessRecorder recorder, Clock clock) {
        this.dataSource = dataSource;
        this.recorder = recorder;
        this.clock = clock;
    }

    @Scheduled(every = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        List<UUID> changed = new ArrayList<>();
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                if (tryLock(connection)) {
                    changed.addAll(judge(connection));
                }
                connection.commit();
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            }
        } catch (SQLException e) {
            LOG.debugf("event=freshness_not_judged sqlstate=%s", e.getSQLState());
            return;
        }
        recorder.publish(changed);
    }

    private static boolean tryLock(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(LIMITS);
            try (ResultSet rows = statement.executeQuery(TRY_LOCK)) {
                rows.next();
                return rows.getBoolean(1);
            }
        }
    }

    private List<UUID> judge(Connection connection) throws SQLException {
        Instant now = clock.instant();
        IngestState ingest = FreshnessStore.ingest(connection, now);
        OffsetDateTime at = now.atOffset(ZoneOffset.UTC);
        List<UUID> changed = new ArrayList<>();
        try (PreparedStatement update = connection.prepareStatement(JUDGE)) {
            update.setInt(
                    1, (int) Math.min(Integer.MAX_VALUE, ingest.lagSeconds().orElse(0)));
            update.setObject(2, at);
            update.setBoolean(3, ingest.lagSeconds().isEmpty());
            update.setObject(4, at);
            try (ResultSet rows = update.executeQuery()) {
                while (rows.next()) {
                    changed.add(rows.getObject(1, UUID.class));
                }
            }
        }
        return changed.stream().distinct().toList();
    }
}

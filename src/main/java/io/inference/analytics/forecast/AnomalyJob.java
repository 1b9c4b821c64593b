package io.inference.analytics.forecast;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Unusual cost as a gauge: how many of yesterday and today (UTC) cost an organisation unusually
 * much, for the {@link #ORGS_MAX} that cost most. One replica looks at a time, and every replica
 * shows what it found.
 */
@ApplicationScoped
class AnomalyJob {

    private static final Logger LOG = Logger.getLogger(AnomalyJob.class);

    /** Bounds the number of series, and the work of a round. */
    private static final int ORGS_MAX = 250;

    /** A replica is a little early at times, and must not leave out a whole interval then. */
    private static final double SHARE_OF_INTERVAL = 0.8;

    private static final String LIMITS = "set local statement_timeout = '30s'; set local lock_timeout = '1s'";

    private static final String TURN = "select pg_try_advisory_xact_lock(" + AdvisoryLock.SPEND_ANOMALIES.key()
            + ") and not exists (select from analytics.spend_anomalies where looked_at > :fresh)";

    // What costs less than the minimum cannot cost unusually much.
    private static final String SPENDING =
            """
            select org_id
            from analytics.usage_daily
            where bucket_start >= :yesterday
            group by org_id
            having sum(cost_estimate_cents) >= :minimum
            order by sum(cost_estimate_cents) desc, org_id
            limit :limit
            """;

    private static final String FORGET = "delete from analytics.spend_anomalies";
    private static final String FOUND =
            "insert into analytics.spend_anomalies (org_id, anomalies, looked_at) values (:org, :anomalies, :now)";
    private static final String ALL = "select org_id, anomalies from analytics.spend_anomalies";

    private final AnomalyStore store;
    private final AnomalyRule rule;
    private final Duration pause;
    private final Jdbi jdbi;
    private final Clock clock;
    private final MultiGauge gauge;

    AnomalyJob(AnomalyStore store, AnomalyConfig config, Jdbi jdbi, Clock clock, MeterRegistry registry) {
        this.store = store;
        this.rule = new AnomalyRule(config.minimumCents());
        this.pause = Duration.ofMillis((long) (config.interval().toMillis() * SHARE_OF_INTERVAL));
        this.jdbi = jdbi;
        this.clock = clock;
        this.gauge = MultiGauge.builder("analytics.spend.anomalies")
                .description("How many of yesterday and today (UTC) cost an organisation unusually much; of those that"
                        + " cost most, and NaN while an organisation has less than 4 weeks of usage")
                .register(registry);
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.anomalies.interval}",
            delayed = "${analytics.anomalies.interval}",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        try {
            look();
            List<Row<?>> rows = new ArrayList<>();
            jdbi.useHandle(handle -> handle.createQuery(ALL)
                    .map(row -> Row.of(
                            Tags.of(
                                    "org_id",
                                    row.getColumn("org_id", UUID.class).toString()),
                            Optional.ofNullable(row.getColumn("anomalies", Double.class))
                                    .orElse(Double.NaN)))
                    .forEach(rows::add));
            gauge.register(rows, true);
        } catch (JdbiException e) {
            LOG.warnf("event=anomalies_not_looked_for sqlstate=%s", SqlState.of(e));
        }
    }

    /** Unless another replica does, or has just done. */
    void look() {
        Instant now = clock.instant();
        jdbi.useTransaction(handle -> {
            handle.execute(LIMITS);
            boolean turn = handle.createQuery(TURN)
                    .bind("fresh", now.minus(pause))
                    .mapTo(Boolean.class)
                    .one();
            if (turn) {
                look(handle, now);
            }
        });
    }

    private void look(Handle handle, Instant now) {
        AnomalyQuery query = AnomalyQuery.parse(
                Map.of(
                        "start",
                        List.of(now.truncatedTo(ChronoUnit.DAYS)
                                .minus(1, ChronoUnit.DAYS)
                                .toString())),
                now);
        List<UUID> orgs = handle.createQuery(SPENDING)
                .bind("yesterday", query.scope().range().start())
                .bind("minimum", rule.minimum())
                .bind("limit", ORGS_MAX)
                .mapTo(UUID.class)
                .list();
        handle.execute(FORGET);
        if (orgs.isEmpty()) {
            return;
        }
        try (PreparedBatch found = handle.prepareBatch(FOUND)) {
            for (UUID org : orgs) {
                found.bind("org", org)
                        .bind(
                                "anomalies",
                                AnomalySearch.find(query.scope(), rule, store.readWhole(handle, org, query))
                                        .higher())
                        .bind("now", now)
                        .add();
            }
            found.execute();
        }
    }
}

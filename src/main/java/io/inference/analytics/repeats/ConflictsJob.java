package io.inference.analytics.repeats;

import io.inference.analytics.database.SqlState;
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
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Clients with too many conflicts as a gauge, by organisation: a number for an organisation that has such clients, and no series for
 * the others. However small a client is, it counts. At most {@link #ORGS_MAX} organisations have a series, those with most such
 * clients first. Every replica looks for itself.
 */
@ApplicationScoped
class ConflictsJob {

    private static final Logger LOG = Logger.getLogger(ConflictsJob.class);

    /** Bounds the number of series. */
    private static final int ORGS_MAX = 250;

    /** A small client that publishes a few events per day shows as well. */
    private static final Duration WINDOW = Duration.ofHours(24);

    /** Of the events of a client. The alert's text and the runbook name it, too. */
    static final int PERCENT_MAX = 10;

    /** A round also ends with its interval, so that rounds do not pile up in the database. */
    private static final Duration ROUND_MAX = Duration.ofSeconds(30);

    private static final String FOUND =
            """
            with repeated as (
                select org_id, client_id, sum(conflicts) as conflicts
                from analytics.ingestion_repeats
                where bucket_start >= :since and conflicts > 0
                group by org_id, client_id
            ), stored as (
                select org_id, client_id, sum(invocations) as events
                from analytics.usage_hourly
                where bucket_start >= :since and org_id in (select org_id from repeated)
                group by org_id, client_id
            )
            select org_id, count(*) as clients
            from repeated left join stored using (org_id, client_id)
            where 100 * conflicts > :percent * (conflicts + coalesce(events, 0))
            group by org_id
            order by clients desc, org_id
            limit :limit
            """;

    private final Jdbi jdbi;
    private final Clock clock;
    private final MultiGauge gauge;
    private final String limits;

    ConflictsJob(ConflictsConfig config, Jdbi jdbi, Clock clock, MeterRegistry registry) {
        this.limits = "set local statement_timeout = "
                + Math.min(ROUND_MAX.toMillis(), config.interval().toMillis());
        this.jdbi = jdbi;
        this.clock = clock;
        this.gauge = MultiGauge.builder("analytics.conflicting.clients")
                .description(
                        "How many clients of an organisation have more than %d %% conflicts among their events of the last 24 hours; absent when there is none"
                                .formatted(PERCENT_MAX))
                .register(registry);
    }

    @EndsBeforeStop
    @Scheduled(
            every = "${analytics.conflicts.interval}",
            delayed = "${analytics.conflicts.interval}",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        try {
            gauge.register(found(), true);
        } catch (JdbiException e) {
            LOG.warnf("event=conflicts_not_looked_for sqlstate=%s", SqlState.of(e));
        }
    }

    private List<Row<?>> found() {
        Instant since = clock.instant().minus(WINDOW);
        List<Row<?>> rows = new ArrayList<>();
        jdbi.useTransaction(handle -> {
            handle.execute(limits);
            handle.createQuery(FOUND)
                    .bind("since", since)
                    .bind("percent", PERCENT_MAX)
                    .bind("limit", ORGS_MAX)
                    .map(row -> Row.of(
                            Tags.of(
                                    "org_id",
                                    row.getColumn("org_id", UUID.class).toString()),
                            row.getColumn("clients", Long.class)))
                    .forEach(rows::add);
        });
        return rows;
    }
}

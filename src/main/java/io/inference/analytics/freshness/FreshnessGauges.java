package io.inference.analytics.freshness;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;

/**
 * The freshness lag of organisations as a gauge, by the rules of the API, for the {@link #ORGS_MAX}
 * with the greatest lag. One query every 15 s; a scrape needs none.
 *
 * <p>Where the API says unknown (the broker is unreachable, or the database does not answer), the
 * gauge counts on. It starts at the last moment at which nothing older was known to wait, so that
 * an alert does not fall silent.
 */
@ApplicationScoped
class FreshnessGauges {

    private static final Logger LOG = Logger.getLogger(FreshnessGauges.class);

    /** Bounds the number of series; with more organisations, those that lag most matter. */
    private static final int ORGS_MAX = 250;

    /** Refreshes may fail for this long before the lag counts as unknown. */
    private static final Duration REFRESH_AGE_MAX = Duration.ofSeconds(60);

    // First the organisations whose events have waited longest for the rollups, then those with the
    // latest events.
    private static final String LAGGING =
            """
            with behind (hours) as (
                select analytics.hours_behind(array(select distinct unnest(hours) from analytics.rollup_outbox))
            ), pending as (
                select org_id, min(committed_at) as oldest_pending_at
                from analytics.rollup_outbox cross join lateral unnest(org_ids) as org_id
                where hours && (select hours from behind)
                group by org_id
            ), shown as (
                select org_id, max(last_event_at) as last_event_at from analytics.freshness_status group by org_id
            )
            select org_id, oldest_pending_at
            from shown full join pending using (org_id)
            order by oldest_pending_at nulls last, last_event_at desc nulls last, org_id
            limit :limit
            """;

    // Of several streams, that of the worst one that any replica still asks for.
    private static final String BROKER_REACHABLE_AT =
            """
            with parts as (
                select stream, max(observed_at) as observed_at,
                       coalesce(max(broker_reachable_at) filter (where reads), min(oldest_uncommitted_at)) as reachable_at
                from analytics.ingestion_stream_observations
                group by stream
            )
            select coalesce((select min(reachable_at) from parts
                             where observed_at > (select max(observed_at) from parts) - interval '1 minute'),
                            (select max(broker_reachable_at) from analytics.ingestion_observations)) as reachable_at
            """;

    private final ApiDatabase database;
    private final Clock clock;
    private final MultiGauge gauge;
    private volatile State state;

    /**
     * What the last refresh found.
     *
     * @param completeUntil by organisation, the moment since when an event may have waited; empty
     *     when none waits
     */
    private record State(Instant readAt, Map<UUID, Optional<Instant>> completeUntil) {}

    FreshnessGauges(ApiDatabase database, Clock clock, MeterRegistry registry) {
        this.database = database;
        this.clock = clock;
        this.state = new State(clock.instant(), Map.of());
        this.gauge = MultiGauge.builder("analytics.freshness.lag")
                .description("How far an organisation's figures are behind, by its worst model; 0 when caught up")
                .baseUnit("seconds")
                .register(registry);
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        try {
            state = database.read(this::read);
        } catch (Failure.Unavailable e) {
            LOG.debugf("event=freshness_not_read cause=%s", e.getMessage());
            return;
        }
        List<Row<?>> rows = new ArrayList<>();
        for (UUID org : state.completeUntil().keySet()) {
            // The value is looked up at each scrape: a row that stays is not registered again, and
            // misses no scrape.
            rows.add(Row.of(Tags.of("org_id", org.toString()), () -> lagSeconds(org)));
        }
        gauge.register(rows);
    }

    private double lagSeconds(UUID org) {
        Instant now = clock.instant();
        State known = state;
        Optional<Instant> since = known.completeUntil().getOrDefault(org, Optional.empty());
        if (since.isEmpty() && Duration.between(known.readAt(), now).compareTo(REFRESH_AGE_MAX) > 0) {
            since = Optional.of(known.readAt());
        }
        return since.map(at -> Math.max(0, Duration.between(at, now).toMillis() / 1000.0))
                .orElse(0.0);
    }

    private State read(Handle handle) {
        Instant now = clock.instant();
        Optional<Instant> ingest = ingest(handle, now);
        Map<UUID, Optional<Instant>> completeUntil = new HashMap<>();
        handle.createQuery(LAGGING)
                .bind("limit", ORGS_MAX)
                .map(row -> Map.entry(
                        row.getColumn("org_id", UUID.class),
                        Optional.ofNullable(row.getColumn("oldest_pending_at", Instant.class))))
                .forEach(found -> completeUntil.put(
                        found.getKey(),
                        Stream.concat(found.getValue().stream(), ingest.stream())
                                .min(Instant::compareTo)));
        return new State(now, completeUntil);
    }

    private static Optional<Instant> ingest(Handle handle, Instant now) {
        IngestState ingest = FreshnessStore.ingest(handle, now);
        if (ingest.lagSeconds().isPresent()) {
            long lag = ingest.lagSeconds().getAsLong();
            return lag == 0 ? Optional.empty() : Optional.of(now.minusSeconds(lag));
        }
        return handle.createQuery(BROKER_REACHABLE_AT).mapTo(Instant.class).findOne();
    }
}

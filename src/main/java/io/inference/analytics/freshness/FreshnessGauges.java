package io.inference.analytics.freshness;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.Failure;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The freshness lag of the organisations as a gauge, by the rules of the API. One query every 15 s for the {@link #ORGS_MAX}
 * with the greatest lag; a scrape asks nobody.
 *
 * <p>Where the API says unknown (broker out of reach, or the database does not answer), the gauge counts on from the last moment
 * at which it was known that nothing older waits: an alert must not fall silent because of that.
 */
@ApplicationScoped
class FreshnessGauges {

    private static final Logger LOG = Logger.getLogger(FreshnessGauges.class);

    /** Bounds the series; with more organisations those that lag most are what matters. */
    private static final int ORGS_MAX = 250;

    /** Refreshes may fail for a while before that counts as not knowing. */
    private static final Duration REFRESH_AGE_MAX = Duration.ofSeconds(60);

    // Organisations with events that the rollups do not show, the longest first; then the ones with the latest events.
    private static final String LAGGING =
            """
            with pending as (
                select org_id, min(committed_at) as oldest_pending_at
                from analytics.rollup_outbox cross join lateral unnest(org_ids) as org_id
                where hours && analytics.hours_behind(hours)
                group by org_id
            ), shown as (
                select org_id, max(last_event_at) as last_event_at from analytics.freshness_status group by org_id
            )
            select org_id, oldest_pending_at
            from shown full join pending using (org_id)
            order by oldest_pending_at nulls last, last_event_at desc nulls last, org_id
            limit ?
            """;

    private static final String BROKER_REACHABLE_AT =
            "select max(broker_reachable_at) from analytics.ingestion_observations";

    private final ApiDatabase database;
    private final Clock clock;
    private final MultiGauge gauge;
    private volatile State state;

    /**
     * What the last refresh found.
     *
     * @param completeUntil by organisation, the moment since when something may wait; empty when nothing does
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

    @Scheduled(every = "15s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        try {
            state = database.read(handle -> read(handle.getConnection()));
        } catch (Failure.Unavailable e) {
            LOG.debugf("event=freshness_not_read cause=%s", e.getMessage());
            return;
        }
        List<Row<?>> rows = new ArrayList<>();
        for (UUID org : state.completeUntil().keySet()) {
            // Looked up when scraped: rows that stay are never registered anew, and never miss a scrape.
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

    private State read(Connection connection) throws SQLException {
        Instant now = clock.instant();
        Optional<Instant> ingest = ingest(connection, now);
        Map<UUID, Optional<Instant>> completeUntil = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(LAGGING)) {
            select.setInt(1, ORGS_MAX);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    Optional<Instant> pending = instant(rows, 2);
                    completeUntil.put(
                            rows.getObject(1, UUID.class),
                            Stream.concat(pending.stream(), ingest.stream()).min(Instant::compareTo));
                }
            }
        }
        return new State(now, completeUntil);
    }

    private static Optional<Instant> ingest(Connection connection, Instant now) throws SQLException {
        IngestState ingest = FreshnessStore.ingest(connection, now);
        if (ingest.lagSeconds().isPresent()) {
            long lag = ingest.lagSeconds().getAsLong();
            return lag == 0 ? Optional.empty() : Optional.of(now.minusSeconds(lag));
        }
        try (PreparedStatement select = connection.prepareStatement(BROKER_REACHABLE_AT);
                ResultSet rows = select.executeQuery()) {
            rows.next();
            return instant(rows, 1);
        }
    }

    private static Optional<Instant> instant(ResultSet rows, int column) throws SQLException {
        return Optional.ofNullable(rows.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}

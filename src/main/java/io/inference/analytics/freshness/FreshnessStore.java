package io.inference.analytics.freshness;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.freshness.IngestState.Observation;
import io.inference.analytics.freshness.OrgFreshness.Stored;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Reads what the freshness rules need. PostgreSQL only: it answers rightly whatever becomes of Redis. */
@ApplicationScoped
public class FreshnessStore {

    private static final String INGEST =
            """
            select observation.observed_at, observation.broker_reachable_at, observation.oldest_uncommitted_at,
                   observation.backlog_events,
                   (select max(last_committed_at) from analytics.ingestion_positions) as last_committed_at
            from (values (1)) as always (one)
            left join analytics.ingestion_observations observation on observation.reads
            """;

    // The outbox tells of events before the worker has moved freshness_status; most of them are in the rollups already.
    private static final String MODELS =
            """
            with touched as (
                select event.model_id, max(event.last_event_at) as last_event_at,
                       max(batch.committed_at) filter (where not batch.behind) as last_rollup_at,
                       min(batch.committed_at) filter (where batch.behind) as oldest_pending_at
                from (select committed_at, org_ids, model_ids, last_event_ats,
                             hours && analytics.hours_behind(hours) as behind
                      from analytics.rollup_outbox
                      where org_ids @> array[?::uuid]) as batch
                cross join lateral unnest(batch.org_ids, batch.model_ids, batch.last_event_ats)
                    as event (org_id, model_id, last_event_at)
                where event.org_id = ?
                group by event.model_id
            ), shown as (
                select model_id, last_event_at, last_rollup_at
                from analytics.freshness_status
                where org_id = ?
            )
            select model_id, greatest(shown.last_event_at, touched.last_event_at) as last_event_at,
                   greatest(shown.last_rollup_at, touched.last_rollup_at) as last_rollup_at, touched.oldest_pending_at
            from shown full join touched using (model_id)
            where ? or model_id = any (?)
            order by model_id
            """;

    private final ApiDatabase database;
    private final Clock clock;

    FreshnessStore(ApiDatabase database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /** How fresh an organisation is, by the models given; an empty set means all. */
    public OrgFreshness read(UUID org, Set<UUID> models) {
        return database.read(handle -> read(handle.getConnection(), org, models));
    }

    /** The same on a connection at hand. */
    public OrgFreshness read(Connection connection, UUID org, Set<UUID> models) throws SQLException {
        List<Stored> stored = models(connection, org, models);
        Instant now = clock.instant();
        return OrgFreshness.of(ingest(connection, now), stored, now);
    }

    static IngestState ingest(Connection connection, Instant now) throws SQLException {
        List<Observation> observations = new ArrayList<>();
        Optional<Instant> lastCommittedAt = Optional.empty();
        try (PreparedStatement select = connection.prepareStatement(INGEST);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                lastCommittedAt = instant(rows, "last_committed_at");
                Optional<Instant> observedAt = instant(rows, "observed_at");
                if (observedAt.isPresent()) {
                    observations.add(new Observation(
                            observedAt.get(),
                            instant(rows, "broker_reachable_at"),
                            instant(rows, "oldest_uncommitted_at"),
                            rows.getLong("backlog_events")));
                }
            }
        }
        return IngestState.of(observations, lastCommittedAt, now);
    }

    private static List<Stored> models(Connection connection, UUID org, Set<UUID> models) throws SQLException {
        List<Stored> stored = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(MODELS)) {
            select.setObject(1, org);
            select.setObject(2, org);
            select.setObject(3, org);
            select.setBoolean(4, models.isEmpty());
            select.setArray(5, connection.createArrayOf("uuid", models.toArray()));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    stored.add(new Stored(
                            rows.getObject("model_id", UUID.class),
                            instant(rows, "last_event_at").orElseThrow(),
                            instant(rows, "last_rollup_at"),
                            instant(rows, "oldest_pending_at")));
                }
            }
        }
        return stored;
    }

    private static Optional<Instant> instant(ResultSet rows, String column) throws SQLException {
        return Optional.ofNullable(rows.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}

package io.inference.analytics.freshness;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.freshness.IngestState.Observation;
import io.inference.analytics.freshness.OrgFreshness.Stored;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/**
 * Reads what the freshness rules need, from PostgreSQL alone: the answer is right whatever happens
 * to Redis.
 */
@ApplicationScoped
public class FreshnessStore {

    private static final String INGEST =
            """
            select seen.stream, seen.reads, seen.observed_at, seen.broker_reachable_at, seen.oldest_uncommitted_at,
                   seen.backlog_events,
                   greatest((select max(last_committed_at) from analytics.ingestion_positions),
                            (select max(last_committed_at) from analytics.ingestion_lanes)) as last_committed_at
            from (values (1)) as always (one)
            left join (
                select transport as stream, reads, observed_at, broker_reachable_at, oldest_uncommitted_at, backlog_events
                from analytics.ingestion_observations as whole
                where reads
                  and not exists (select from analytics.ingestion_stream_observations part where part.replica = whole.replica)
                union all
                select stream, reads, observed_at, broker_reachable_at, oldest_uncommitted_at, backlog_events
                from analytics.ingestion_stream_observations
            ) as seen on true
            """;

    // The outbox knows of events before the worker has advanced freshness_status; the rollups show
    // most of them already. A batch holds hundreds of pairs of organisation and model. Looking up
    // the organisation's places and unpacking these alone is 20 times as fast as unpacking all, and
    // thousands of batches wait while a worker is stuck. The hours behind are looked up once, not
    // per batch, because flavour timescale reads its catalog for them. The empty arrays appended
    // keep an array from being read from the table again for each place.
    private static final String MODELS =
            """
            with behind (hours) as (
                select analytics.hours_behind(array(select distinct unnest(hours) from analytics.rollup_outbox))
            ), touched as (
                select pairs.model_ids[place] as model_id, max(pairs.last_event_ats[place]) as last_event_at,
                       max(batch.committed_at) filter (where not batch.behind) as last_rollup_at,
                       min(batch.committed_at) filter (where batch.behind) as oldest_pending_at
                from (select committed_at, model_ids, last_event_ats, array_positions(org_ids, :org) as places,
                             hours && (select hours from behind) as behind
                      from analytics.rollup_outbox offset 0) as batch
                cross join lateral (select batch.model_ids || '{}'::uuid[] as model_ids,
                                           batch.last_event_ats || '{}'::timestamptz[] as last_event_ats
                                    where batch.places <> '{}' offset 0) as pairs
                cross join lateral unnest(batch.places) as place
                group by pairs.model_ids[place]
            ), shown as (
                select model_id, last_event_at, last_rollup_at
                from analytics.freshness_status
                where org_id = :org
            )
            select model_id, greatest(shown.last_event_at, touched.last_event_at) as last_event_at,
                   greatest(shown.last_rollup_at, touched.last_rollup_at) as last_rollup_at, touched.oldest_pending_at
            from shown full join touched using (model_id)
            where :all or model_id = any (:models)
            order by model_id
            """;

    private static final String ALL =
            """
            with behind (hours) as (
                select analytics.hours_behind(array(select distinct unnest(hours) from analytics.rollup_outbox))
            ), batches as (
                select committed_at, last_event_ats, hours && (select hours from behind) as behind
                from analytics.rollup_outbox
            )
            select greatest((select max(last_event_at) from analytics.freshness_status),
                            (select max(last_event_at) from batches, unnest(last_event_ats) as last_event_at))
                       as last_event_at,
                   greatest((select max(last_rollup_at) from analytics.freshness_status),
                            (select max(committed_at) from batches where not behind)) as last_rollup_at,
                   (select min(committed_at) from batches where behind) as oldest_pending_at
            """;

    private static final String BY_ORG =
            """
            with behind (hours) as (
                select analytics.hours_behind(array(select distinct unnest(hours) from analytics.rollup_outbox))
            ), touched as (
                select pairs.org_id, max(pairs.last_event_at) as last_event_at,
                       max(batch.committed_at) filter (where not batch.behind) as last_rollup_at,
                       min(batch.committed_at) filter (where batch.behind) as oldest_pending_at
                from (select committed_at, org_ids, last_event_ats, hours && (select hours from behind) as behind
                      from analytics.rollup_outbox) as batch
                cross join lateral unnest(batch.org_ids, batch.last_event_ats) as pairs (org_id, last_event_at)
                group by pairs.org_id
            ), shown as (
                select org_id, max(last_event_at) as last_event_at, max(last_rollup_at) as last_rollup_at
                from analytics.freshness_status
                group by org_id
            )
            select org_id, greatest(shown.last_event_at, touched.last_event_at) as last_event_at,
                   greatest(shown.last_rollup_at, touched.last_rollup_at) as last_rollup_at, touched.oldest_pending_at
            from unnest(:orgs::uuid[]) as given (org_id)
            left join shown using (org_id)
            left join touched using (org_id)
            order by org_id::text collate "C"
            """;

    /** Stands for every model. */
    private static final UUID ANY = new UUID(0, 0);

    private final ApiDatabase database;
    private final Clock clock;

    FreshnessStore(ApiDatabase database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * A row of the query about the ingest: one per observing replica and stream, or a single one without an
     * observation.
     */
    private record Seen(Optional<Observation> observation, Optional<Instant> lastCommittedAt) {}

    /** The freshness of an organisation's figures, by the models given; an empty set means all. */
    public OrgFreshness read(UUID org, Set<UUID> models) {
        return database.read(handle -> read(handle, org, models));
    }

    /** The same on a connection of the caller. */
    public OrgFreshness read(Handle handle, UUID org, Set<UUID> models) {
        List<Stored> stored = models(handle, org, models);
        Instant now = clock.instant();
        return OrgFreshness.of(ingest(handle, now), stored, now);
    }

    /** The freshness of the figures of all organisations together, by the worst of them. */
    public OrgFreshness readAll(Handle handle) {
        List<Stored> stored =
                handle.createQuery(ALL).map(FreshnessStore::together).one();
        Instant now = clock.instant();
        return OrgFreshness.of(ingest(handle, now), stored, now);
    }

    /** The freshness of each of these organisations, ordered by their ids. */
    public List<FreshnessView.OfOrg> readEach(Handle handle, Set<UUID> orgs) {
        if (orgs.isEmpty()) {
            return List.of();
        }
        Instant now = clock.instant();
        IngestState ingest = ingest(handle, now);
        return handle.createQuery(BY_ORG)
                .bindArray("orgs", UUID.class, orgs)
                .map(row -> FreshnessView.OfOrg.of(
                        row.getColumn("org_id", UUID.class), OrgFreshness.of(ingest, together(row), now)))
                .list();
    }

    /** All models as one; none without an event. */
    private static List<Stored> together(RowView row) {
        return instant(row, "last_event_at").map(latest -> stored(row, ANY)).stream()
                .toList();
    }

    private static Stored stored(RowView row, UUID model) {
        return new Stored(
                model,
                row.getColumn("last_event_at", Instant.class),
                instant(row, "last_rollup_at"),
                instant(row, "oldest_pending_at"));
    }

    static IngestState ingest(Handle handle, Instant now) {
        List<Seen> seen = handle.createQuery(INGEST).map(FreshnessStore::seen).list();
        return IngestState.of(
                seen.stream().flatMap(row -> row.observation().stream()).toList(),
                seen.get(0).lastCommittedAt(),
                now);
    }

    private static Seen seen(RowView row) {
        return new Seen(
                instant(row, "observed_at")
                        .map(observedAt -> new Observation(
                                row.getColumn("stream", String.class),
                                row.getColumn("reads", Boolean.class),
                                observedAt,
                                instant(row, "broker_reachable_at"),
                                instant(row, "oldest_uncommitted_at"),
                                row.getColumn("backlog_events", Long.class))),
                instant(row, "last_committed_at"));
    }

    private static List<Stored> models(Handle handle, UUID org, Set<UUID> models) {
        return handle.createQuery(MODELS)
                .bind("org", org)
                .bind("all", models.isEmpty())
                .bindArray("models", UUID.class, models)
                .map(row -> stored(row, row.getColumn("model_id", UUID.class)))
                .list();
    }

    private static Optional<Instant> instant(RowView row, String column) {
        return Optional.ofNullable(row.getColumn(column, Instant.class));
    }
}

package io.inference.analytics.freshness;

import io.inference.analytics.platform.AfterRollup;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Moves {@code freshness_status} in the transaction that ends a rollup round, and mirrors the organisations touched to Redis.
 * The verdict in it is {@link FreshnessJob}'s: events that were rolled up say nothing about those that still wait.
 *
 * <p>A mirror that fails is written again with the organisation's next events; nothing in this service reads it.
 */
@ApplicationScoped
class FreshnessRecorder implements AfterRollup {

    private static final Logger LOG = Logger.getLogger(FreshnessRecorder.class);

    private static final String NOTE =
            """
            insert into analytics.freshness_status as status (org_id, model_id, last_event_at, last_rollup_at, updated_at)
            select org_id, model_id, max(last_event_at), ?, ?
            from analytics.rollup_outbox
            cross join lateral unnest(org_ids, model_ids, last_event_ats) as touched (org_id, model_id, last_event_at)
            where batch_id = any (?)
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
            from analytics.freshness_status where org_id = any (?) order by org_id, model_id
            """;

    private final DataSource dataSource;
    private final FreshnessCache cache;

    FreshnessRecorder(DataSource dataSource, FreshnessCache cache) {
        this.dataSource = dataSource;
        this.cache = cache;
    }

    @Override
    public List<UUID> note(Connection connection, List<Long> batchIds, Instant rolledUpAt) throws SQLException {
        Set<UUID> orgs = new LinkedHashSet<>();
        OffsetDateTime at = rolledUpAt.atOffset(ZoneOffset.UTC);
        try (PreparedStatement statement = connection.prepareStatement(NOTE)) {
            statement.setObject(1, at);
            statement.setObject(2, at);
            statement.setArray(3, connection.createArrayOf("bigint", batchIds.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    orgs.add(rows.getObject(1, UUID.class));
                }
            }
        }
        return List.copyOf(orgs);
    }

    @Override
    public void publish(List<UUID> orgs) {
        if (orgs.isEmpty()) {
            return;
        }
        try {
            cache.write(entries(orgs));
        } catch (SQLException | RuntimeException e) {
            LOG.debugf("event=freshness_not_mirrored orgs=%d cause=%s", orgs.size(), e);
        }
    }

    private List<FreshnessCache.Entry> entries(List<UUID> orgs) throws SQLException {
        List<FreshnessCache.Entry> entries = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(ENTRIES)) {
            statement.setArray(1, connection.createArrayOf("uuid", orgs.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    entries.add(new FreshnessCache.Entry(
                            rows.getObject("org_id", UUID.class),
                            rows.getObject("model_id", UUID.class),
                            rows.getObject("last_event_at", OffsetDateTime.class)
                                    .toInstant(),
                            rows.getObject("last_rollup_at", OffsetDateTime.class)
                                    .toInstant(),
                            rows.getLong("lag_seconds"),
                            rows.getString("status")));
                }
            }
        }
        return entries;
    }
}

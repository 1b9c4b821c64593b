package io.inference.analytics.access;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The SQL of the keys. */
@ApplicationScoped
class ApiKeyStore {

    private static final String COLUMNS =
            "key_id, prefix, name, org_ids, all_orgs, permissions, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by";

    /** A key with what its secret is compared with. */
    record Stored(ApiKey key, byte[] hash) {}

    private static final String INSERT =
            """
            insert into analytics.api_keys (key_id, prefix, name, org_ids, all_orgs, permissions, created_at, created_by, expires_at, hash)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (key_id) do nothing
            """;

    /** Stores a new key; a second time it does nothing. */
    void insert(Connection connection, ApiKey key, byte[] hash) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            insert.setObject(1, key.keyId());
            insert.setString(2, key.prefix());
            insert.setString(3, key.name());
            insert.setArray(4, connection.createArrayOf("uuid", key.orgs().toArray()));
            insert.setBoolean(5, key.allOrgs());
            insert.setArray(
                    6,
                    connection.createArrayOf(
                            "text",
                            key.permissions().stream()
                                    .map(Permission::wireName)
                                    .sorted()
                                    .toArray()));
            insert.setObject(7, key.createdAt().atOffset(ZoneOffset.UTC));
            insert.setString(8, key.createdBy());
            insert.setObject(
                    9,
                    key.expiresAt().map(time -> time.atOffset(ZoneOffset.UTC)).orElse(null));
            insert.setBytes(10, hash);
            insert.executeUpdate();
        }
    }

    private static final String BY_PREFIX =
            "select %s, hash from analytics.api_keys where prefix = ?".formatted(COLUMNS);

    /** The key of this prefix, whether it holds or not. */
    Optional<Stored> find(Connection connection, String prefix) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement(BY_PREFIX)) {
            find.setString(1, prefix);
            try (ResultSet row = find.executeQuery()) {
                return row.next() ? Optional.of(new Stored(key(row), row.getBytes(13))) : Optional.empty();
            }
        }
    }

    private static final String EXISTS = "select exists (select from analytics.api_keys where key_id = ?)";

    boolean exists(Connection connection, UUID keyId) throws SQLException {
        try (PreparedStatement exists = connection.prepareStatement(EXISTS)) {
            exists.setObject(1, keyId);
            try (ResultSet row = exists.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    private static final String ALL =
            "select %s from analytics.api_keys order by created_at desc, key_id limit ?".formatted(COLUMNS);

    /** Keys, newest first, the revoked ones too. */
    List<ApiKey> list(Connection connection, int limit) throws SQLException {
        try (PreparedStatement list = connection.prepareStatement(ALL)) {
            list.setInt(1, limit);
            List<ApiKey> keys = new ArrayList<>();
            try (ResultSet rows = list.executeQuery()) {
                while (rows.next()) {
                    keys.add(key(rows));
                }
            }
            return keys;
        }
    }

    private static final String REVOKE =
            """
            update analytics.api_keys set revoked_at = coalesce(revoked_at, ?), revoked_by = coalesce(revoked_by, ?) where key_id = ?
            """;

    /** Revokes the key unless it is revoked; false when there is none. */
    boolean revoke(Connection connection, UUID keyId, Instant at, String by) throws SQLException {
        try (PreparedStatement revoke = connection.prepareStatement(REVOKE)) {
            revoke.setObject(1, at.atOffset(ZoneOffset.UTC));
            revoke.setString(2, by);
            revoke.setObject(3, keyId);
            return revoke.executeUpdate() == 1;
        }
    }

    private static final String USED =
            "update analytics.api_keys set last_used_at = greatest(last_used_at, ?) where key_id = ?";

    /** Notes when keys were used last. */
    void used(Connection connection, Map<UUID, Instant> uses) throws SQLException {
        try (PreparedStatement used = connection.prepareStatement(USED)) {
            // In one order, so that two replicas can not wait for each other.
            for (UUID key : uses.keySet().stream().sorted().toList()) {
                used.setObject(1, uses.get(key).atOffset(ZoneOffset.UTC));
                used.setObject(2, key);
                used.addBatch();
            }
            used.executeBatch();
        }
    }

    private static ApiKey key(ResultSet row) throws SQLException {
        Set<Permission> permissions = EnumSet.noneOf(Permission.class);
        for (String name : (String[]) row.getArray(6).getArray()) {
            // One that this version does not know grants nothing.
            Permission.ofWireName(name).ifPresent(permissions::add);
        }
        return new ApiKey(
                row.getObject(1, UUID.class),
                row.getString(2),
                row.getString(3),
                Set.of((UUID[]) row.getArray(4).getArray()),
                row.getBoolean(5),
                permissions,
                time(row, 7).orElseThrow(),
                row.getString(8),
                time(row, 9),
                time(row, 10),
                time(row, 11),
                Optional.ofNullable(row.getString(12)));
    }

    private static Optional<Instant> time(ResultSet row, int column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}

package io.inference.analytics.access;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.PreparedBatch;

/** The SQL of the keys. */
@ApplicationScoped
class ApiKeyStore {

    private static final String COLUMNS =
            "key_id, prefix, name, org_ids, all_orgs, permissions, created_at, created_by, expires_at, last_used_at, revoked_at, revoked_by";

    /** A key with the hash of its text. */
    record Stored(ApiKey key, byte[] hash) {}

    private static final String INSERT =
            """
            insert into analytics.api_keys (key_id, prefix, name, org_ids, all_orgs, permissions, created_at, created_by, expires_at, hash)
            values (:keyId, :prefix, :name, :orgs, :allOrgs, :permissions, :createdAt, :createdBy, :expiresAt, :hash)
            on conflict (key_id) do nothing
            """;

    /** Stores a new key; storing it again has no effect. */
    void insert(Handle handle, ApiKey key, byte[] hash) {
        handle.createUpdate(INSERT)
                .bind("keyId", key.keyId())
                .bind("prefix", key.prefix())
                .bind("name", key.name())
                .bindArray("orgs", UUID.class, key.orgs())
                .bind("allOrgs", key.allOrgs())
                .bindArray(
                        "permissions",
                        String.class,
                        key.permissions().stream()
                                .map(Permission::wireName)
                                .sorted()
                                .toList())
                .bind("createdAt", key.createdAt())
                .bind("createdBy", key.createdBy())
                .bind("expiresAt", key.expiresAt())
                .bind("hash", hash)
                .execute();
    }

    private static final String BY_PREFIX =
            "select %s, hash from analytics.api_keys where prefix = :prefix".formatted(COLUMNS);

    /** The key with this prefix, whether it is valid or not. */
    Optional<Stored> find(Handle handle, String prefix) {
        return handle.createQuery(BY_PREFIX)
                .bind("prefix", prefix)
                .map(row -> new Stored(key(row), row.getColumn("hash", byte[].class)))
                .findOne();
    }

    boolean exists(Handle handle, UUID keyId) {
        return handle.createQuery("select exists (select from analytics.api_keys where key_id = :keyId)")
                .bind("keyId", keyId)
                .mapTo(Boolean.class)
                .one();
    }

    private static final String ALL =
            "select %s from analytics.api_keys order by created_at desc, key_id limit :limit".formatted(COLUMNS);

    /** Keys, newest first, including revoked ones. */
    List<ApiKey> list(Handle handle, int limit) {
        return handle.createQuery(ALL)
                .bind("limit", limit)
                .map(ApiKeyStore::key)
                .list();
    }

    private static final String REVOKE =
            """
            update analytics.api_keys set revoked_at = coalesce(revoked_at, :at), revoked_by = coalesce(revoked_by, :by)
            where key_id = :keyId
            """;

    /** Revokes the key unless it is revoked already; false when there is no such key. */
    boolean revoke(Handle handle, UUID keyId, Instant at, String by) {
        return handle.createUpdate(REVOKE)
                        .bind("keyId", keyId)
                        .bind("at", at)
                        .bind("by", by)
                        .execute()
                == 1;
    }

    private static final String USED =
            "update analytics.api_keys set last_used_at = greatest(last_used_at, :at) where key_id = :keyId";

    /** Stores when keys were last used; the map is not empty. */
    void used(Handle handle, Map<UUID, Instant> uses) {
        try (PreparedBatch batch = handle.prepareBatch(USED)) {
            // Always in the same order, so that two replicas cannot wait for each other.
            new TreeMap<>(uses)
                    .forEach(
                            (key, at) -> batch.bind("keyId", key).bind("at", at).add());
            batch.execute();
        }
    }

    private static ApiKey key(RowView row) {
        Set<Permission> permissions = EnumSet.noneOf(Permission.class);
        for (String name : row.getColumn("permissions", String[].class)) {
            // A permission that this version does not know grants nothing.
            Permission.ofWireName(name).ifPresent(permissions::add);
        }
        return new ApiKey(
                row.getColumn("key_id", UUID.class),
                row.getColumn("prefix", String.class),
                row.getColumn("name", String.class),
                Set.of(row.getColumn("org_ids", UUID[].class)),
                row.getColumn("all_orgs", Boolean.class),
                permissions,
                row.getColumn("created_at", Instant.class),
                row.getColumn("created_by", String.class),
                Optional.ofNullable(row.getColumn("expires_at", Instant.class)),
                Optional.ofNullable(row.getColumn("last_used_at", Instant.class)),
                Optional.ofNullable(row.getColumn("revoked_at", Instant.class)),
                Optional.ofNullable(row.getColumn("revoked_by", String.class)));
    }
}

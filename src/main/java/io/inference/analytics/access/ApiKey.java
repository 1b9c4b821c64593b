package io.inference.analytics.access;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A key of a program, without its secret.
 *
 * @param keyId names it for ever
 * @param prefix first part of the key, by which people recognise it; unique
 * @param name what it is for
 * @param orgs the organisations that it is for; none when it is for all
 * @param allOrgs for every organisation there is
 * @param permissions what it may do there
 * @param createdAt when
 * @param createdBy subject of the credential, or the account that ran the command
 * @param expiresAt from when on it does not hold
 * @param lastUsedAt when it was used last, to half a minute
 * @param revokedAt from when on it does not hold, because somebody said so
 * @param revokedBy who
 */
public record ApiKey(
        UUID keyId,
        String prefix,
        String name,
        Set<UUID> orgs,
        boolean allOrgs,
        Set<Permission> permissions,
        Instant createdAt,
        String createdBy,
        Optional<Instant> expiresAt,
        Optional<Instant> lastUsedAt,
        Optional<Instant> revokedAt,
        Optional<String> revokedBy) {

    public ApiKey {
        orgs = Set.copyOf(orgs);
        permissions = Set.copyOf(permissions);
    }

    /** Whether it holds at that time. */
    boolean holds(Instant now) {
        return revokedAt.isEmpty() && expiresAt.map(now::isBefore).orElse(true);
    }
}

package io.inference.analytics.access;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The API key of a program, without its secret.
 *
 * @param keyId identifies it for ever
 * @param prefix first part of the key, by which people recognise it; unique
 * @param name what it is for
 * @param orgs the organisations that it is valid for; empty when it is valid for all
 * @param allOrgs valid for every organisation
 * @param permissions what it permits there
 * @param createdAt when it was created
 * @param createdBy subject of the credential, or the account that ran the command
 * @param expiresAt when it stops being valid, if ever
 * @param lastUsedAt when it was last used, to within 30 s
 * @param revokedAt when it was revoked
 * @param revokedBy who revoked it
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

    /** Whether it is valid at that time. */
    boolean isValidAt(Instant now) {
        return revokedAt.isEmpty() && expiresAt.map(now::isBefore).orElse(true);
    }
}

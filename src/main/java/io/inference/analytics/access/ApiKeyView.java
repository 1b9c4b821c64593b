package io.inference.analytics.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What the wire shows of a key: never its secret, but once in {@link Created}. */
@Schema(name = "ApiKey")
@JsonInclude(JsonInclude.Include.ALWAYS)
record ApiKeyView(
        @Schema(required = true) UUID keyId,
        @Schema(required = true, description = "First part of the key, to recognise it by") String prefix,
        @Schema(required = true) String name,
        @Schema(required = true) List<UUID> orgIds,
        @Schema(required = true, description = "For every organisation there is") boolean allOrgs,
        @Schema(required = true) List<String> permissions,
        @Schema(required = true) Instant createdAt,
        @Schema(required = true) String createdBy,
        @Schema(nullable = true) Instant expiresAt,
        @Schema(nullable = true, description = "To half a minute") Instant lastUsedAt,
        @Schema(nullable = true) Instant revokedAt,
        @Schema(nullable = true) String revokedBy) {

    /** The answer to a request for a key. */
    @Schema(name = "CreatedApiKey")
    record Created(
            @Schema(required = true, description = "The key itself, shown this once") String key,
            @Schema(required = true) ApiKeyView apiKey) {}

    /** Keys, newest first. */
    @Schema(name = "ApiKeyList")
    record Keys(@Schema(required = true) List<ApiKeyView> apiKeys) {}

    static ApiKeyView of(ApiKey key) {
        return new ApiKeyView(
                key.keyId(),
                key.prefix(),
                key.name(),
                key.orgs().stream().sorted().toList(),
                key.allOrgs(),
                key.permissions().stream().map(Permission::wireName).sorted().toList(),
                key.createdAt(),
                key.createdBy(),
                key.expiresAt().orElse(null),
                key.lastUsedAt().orElse(null),
                key.revokedAt().orElse(null),
                key.revokedBy().orElse(null));
    }
}

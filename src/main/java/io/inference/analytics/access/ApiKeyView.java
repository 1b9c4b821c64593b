package io.inference.analytics.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What the API shows of a key: never its secret, except once in {@link Created}. */
@Schema(name = "ApiKey")
@JsonInclude(JsonInclude.Include.ALWAYS)
record ApiKeyView(
        UUID keyId,
        @Schema(description = "First part of the key, to recognise it by") String prefix,
        String name,
        List<UUID> orgIds,
        @Schema(description = "Valid for every organisation") boolean allOrgs,
        List<String> permissions,
        Instant createdAt,
        String createdBy,
        @Schema(nullable = true) Instant expiresAt,
        @Schema(nullable = true, description = "When the key was last used, to within 30 s") Instant lastUsedAt,
        @Schema(nullable = true) Instant revokedAt,
        @Schema(nullable = true) String revokedBy) {

    /** The response to a request that creates a key. */
    @Schema(name = "CreatedApiKey")
    record Created(@Schema(description = "The key itself, shown this once") String key, ApiKeyView apiKey) {}

    /** Keys, newest first. */
    @Schema(name = "ApiKeyList")
    record Keys(List<ApiKeyView> apiKeys) {}

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

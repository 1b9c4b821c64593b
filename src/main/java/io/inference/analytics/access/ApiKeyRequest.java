package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.ParameterValues;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Reads the body of a request that creates a key. */
final class ApiKeyRequest {

    private ApiKeyRequest() {}

    /**
     * Reads a body; {@link ApiKeys} checks what the values mean.
     *
     * @throws Failure.Invalid with every fault
     */
    static ApiKeys.Draft parse(byte[] bytes) {
        JsonBody body = JsonBody.parse(bytes, "{\"name\": …}");
        Set<UUID> orgs = new LinkedHashSet<>();
        for (String org : body.texts("orgIds", "UUIDs")) {
            Uuids.parse(org).ifPresentOrElse(orgs::add, () -> body.fault("orgIds", "not an id (expected: UUIDs)"));
        }
        boolean allOrgs = body.flag("allOrgs").orElse(false);
        String name = body.optional("name", text -> text).orElse("");
        List<String> permissions = body.texts("permissions", "strings");
        Optional<Instant> expiresAt = body.optional("expiresAt", ParameterValues::time);
        body.finish();
        return new ApiKeys.Draft(name, orgs, allOrgs, permissions, expiresAt);
    }
}

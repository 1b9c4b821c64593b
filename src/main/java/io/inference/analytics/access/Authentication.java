package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the caller by any kind of credential that the request has; throws when there is none, or
 * when it is not valid.
 */
@ApplicationScoped
class Authentication {

    /** The caller of every request while checks are switched off; may do everything. */
    private static final Caller ANYBODY = new Caller("anonymous", Set.of(), List.of(Role.SYSTEM_ADMIN.grant()));

    private final List<Authenticator> authenticators;
    private final boolean enabled;

    Authentication(@All List<Authenticator> authenticators, AccessConfig config) {
        this.authenticators = authenticators;
        this.enabled = config.rbacEnabled();
    }

    Caller caller(HttpHeaders headers) {
        if (!enabled) {
            return ANYBODY;
        }
        Optional<Caller> found = Optional.empty();
        for (Authenticator authenticator : authenticators) {
            Optional<Caller> caller = authenticator.authenticate(headers);
            if (caller.isPresent() && found.isPresent()) {
                throw new Failure.Unauthorized("There are two credentials (expected: a token or an API key).");
            }
            found = found.or(() -> caller);
        }
        return found.orElseThrow(() -> new Failure.Unauthorized(
                "A credential is needed: Authorization: Bearer <token>, or X-API-Key: <key>."));
    }
}

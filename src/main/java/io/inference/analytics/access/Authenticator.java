package io.inference.analytics.access;

import jakarta.ws.rs.core.HttpHeaders;
import java.util.Optional;

/** One kind of credential. Every bean of this type is asked; a request has one credential. */
public interface Authenticator {

    /**
     * Reads the credential.
     *
     * @return empty when the request has no credential of this kind
     * @throws io.inference.analytics.platform.Failure.Unauthorized when it has one that is not
     *     valid
     * @throws io.inference.analytics.platform.Failure.Unavailable when that cannot be checked at
     *     present
     */
    Optional<Caller> authenticate(HttpHeaders headers);
}

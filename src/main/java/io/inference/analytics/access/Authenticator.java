package io.inference.analytics.access;

import jakarta.ws.rs.core.HttpHeaders;
import java.util.Optional;

/** One kind of credential. All beans of this type are asked; a request has one credential. */
public interface Authenticator {

    /**
     * Reads the credential.
     *
     * @return empty when the request has no credential of this kind
     * @throws io.inference.analytics.platform.Failure.Unauthorized when it has one that does not hold
     * @throws io.inference.analytics.platform.Failure.Unavailable when that can not be told at present
     */
    Optional<Caller> authenticate(HttpHeaders headers);
}

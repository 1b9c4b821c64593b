package io.inference.analytics.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** Who is let in. */
@ConfigMapping(prefix = "analytics.access")
interface AccessConfig {

    /** Whether credentials and permissions are checked (ENABLE_RBAC); can not be off in profile prod. */
    @WithDefault("true")
    boolean rbacEnabled();

    /** The issuer that tokens must name (JWT_ISSUER). */
    Optional<String> jwtIssuer();

    /** The audience that tokens must name (JWT_AUDIENCE). */
    Optional<String> jwtAudience();

    /** The public key of the tokens (JWT_PUBLIC_KEY): PEM text, or the path of a PEM file. */
    Optional<String> jwtPublicKey();

    /** Where the key set of the tokens is (JWT_JWKS_URL), if there is no single key. */
    Optional<String> jwtJwksUrl();

    /** Requests a second of one subject, on average (RATE_LIMIT_SUBJECT); as many again at once. */
    @WithDefault("500")
    int rateLimitSubject();

    /** Requests a second about one organisation, whoever asks (RATE_LIMIT_ORG); as many again at once. */
    @WithDefault("1000")
    int rateLimitOrg();

    /** Refused credentials a second from one address; more are answered with 429 and not audited one by one. */
    @WithDefault("200")
    int rateLimitRefused();
}

package io.inference.analytics.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** Authentication, permissions and rate limits. */
@ConfigMapping(prefix = "analytics.access")
interface AccessConfig {

    /**
     * Whether credentials and permissions are checked (ENABLE_RBAC); cannot be off in profile prod.
     */
    boolean rbacEnabled();

    /** The issuer that tokens must name (JWT_ISSUER). */
    Optional<String> jwtIssuer();

    /** The audience that tokens must name (JWT_AUDIENCE). */
    Optional<String> jwtAudience();

    /** The public key of the tokens (JWT_PUBLIC_KEY): PEM text, or the path of a PEM file. */
    Optional<String> jwtPublicKey();

    /** URL of the key set of the tokens (JWT_JWKS_URL), if there is no single key. */
    Optional<String> jwtJwksUrl();

    /** Where a token has the caller's roles (AUTH_ROLES_CLAIM), see {@link ClaimPath}. */
    String rolesClaim();

    /** Where a token has the caller's organisations (AUTH_ORGS_CLAIM), see {@link ClaimPath}. */
    String orgsClaim();

    /**
     * Requests per second of one subject, on average (RATE_LIMIT_SUBJECT); a burst may be twice as
     * large.
     */
    int rateLimitSubject();

    /**
     * Requests per second for one organisation, of all callers together, on average
     * (RATE_LIMIT_ORG); a burst may be twice as large.
     */
    int rateLimitOrg();

    /**
     * Refused credentials per second from one address; further ones get 429 and are not audited one
     * by one.
     */
    @WithDefault("200")
    int rateLimitRefused();
}

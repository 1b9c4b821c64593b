package io.inference.analytics.web;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** What a connection may cost. */
@ConfigMapping(prefix = "analytics.http")
interface HttpConfig {

    /** The path under which a proxy publishes the service (HTTP_ROOT_PATH), such as {@code /usage}. */
    Optional<String> rootPath();

    /** Addresses of proxies whose X-Forwarded-For counts (TRUSTED_PROXIES). */
    Optional<String> trustedProxies();

    /** How long a request may take to arrive, from its first byte to its last, head and body; then its connection is cut. */
    @WithDefault("20s")
    Duration arrivalMax();

    /** Bytes of a request's body, at most; an array of 1,000 events fits. */
    @WithDefault("1048576")
    long bodyBytesMax();

    /** Requests per second from one address that are refused before a credential is checked (404, 405, 501); more are answered with 429. */
    @WithDefault("200")
    int rateLimitRefused();
}

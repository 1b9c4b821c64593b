package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.TokenBuckets;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.UUID;

/**
 * Limits the requests of each subject, the requests for each organisation, and the refused
 * credentials from each address, per second.
 */
@ApplicationScoped
class RateLimits {

    private final TokenBuckets buckets = new TokenBuckets();
    private final int subjectPerSecond;
    private final int orgPerSecond;
    private final int refusedPerSecond;

    RateLimits(AccessConfig config) {
        this.subjectPerSecond = config.rateLimitSubject();
        this.orgPerSecond = config.rateLimitOrg();
        this.refusedPerSecond = config.rateLimitRefused();
    }

    /** Counts a request of the subject; throws {@link Failure.TooManyRequests} above the limit. */
    void takeOfSubject(String subject) {
        buckets.take("subject " + subject, subjectPerSecond, "More than %d requests per second from this subject.");
    }

    /** Counts a request for the organisation, of a caller who has access to it. */
    void takeOfOrg(UUID org) {
        buckets.take("org " + org, orgPerSecond, "More than %d requests per second for this organisation.");
    }

    /** Counts a refused credential. */
    void takeOfAddress(String address) {
        buckets.take(
                "address " + address,
                refusedPerSecond,
                "More than %d refused credentials per second from this address.");
    }
}

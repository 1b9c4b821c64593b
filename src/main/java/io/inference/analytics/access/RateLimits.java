package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.TokenBuckets;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.UUID;

/**
 * How often each subject may ask, how often may be asked about each organisation, and how often an address may come with a
 * credential that does not hold.
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

    /** One request of the subject; too many end in {@link Failure.TooManyRequests}. */
    void takeOfSubject(String subject) {
        buckets.take("subject " + subject, subjectPerSecond, "This subject asks more than %d times a second.");
    }

    /** One request about the organisation, of somebody who may. */
    void takeOfOrg(UUID org) {
        buckets.take("org " + org, orgPerSecond, "About this organisation is asked more than %d times a second.");
    }

    /** One refused credential. */
    void takeOfAddress(String address) {
        buckets.take("address " + address, refusedPerSecond, "More than %d credentials a second were refused.");
    }
}

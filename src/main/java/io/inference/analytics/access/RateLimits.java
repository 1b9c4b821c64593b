package io.inference.analytics.access;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How often each subject may ask, how often may be asked about each organisation, and how often an address may come with a
 * credential that does not hold. Token buckets, in each replica on its own: the limit of all is at most that of one times the
 * replicas, and no request waits for a common count.
 */
@ApplicationScoped
class RateLimits {

    /** Buckets that are kept, at most; those that are full again are no different from new ones and go. */
    private static final int BUCKETS_MAX = 50_000;

    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();
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
        take("subject " + subject, subjectPerSecond, "This subject asks more than %d times a second.");
    }

    /** One request about the organisation, of somebody who may. */
    void takeOfOrg(UUID org) {
        take("org " + org, orgPerSecond, "About this organisation is asked more than %d times a second.");
    }

    /** One refused credential. */
    void takeOfAddress(String address) {
        take("address " + address, refusedPerSecond, "More than %d credentials a second were refused.");
    }

    private void take(String name, int perSecond, String refusal) {
        ConsumptionProbe probe =
                buckets.computeIfAbsent(name, any -> bucket(perSecond)).tryConsumeAndReturnRemaining(1);
        if (buckets.size() > BUCKETS_MAX) {
            buckets.values().removeIf(bucket -> bucket.getAvailableTokens() >= perSecond);
            if (buckets.size() > 2 * BUCKETS_MAX) {
                // More names than anybody honest has: begin anew rather than grow.
                buckets.clear();
            }
        }
        if (!probe.isConsumed()) {
            throw new Failure.TooManyRequests(
                    refusal.formatted(perSecond), Duration.ofNanos(probe.getNanosToWaitForRefill()));
        }
    }

    private static Bucket bucket(int perSecond) {
        return Bucket.builder()
                .addLimit(limit -> limit.capacity(2L * perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
                .build();
    }
}

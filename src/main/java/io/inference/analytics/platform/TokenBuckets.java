package io.inference.analytics.platform;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Token buckets by name, in each replica on its own: the limit of all is at most that of one times the replicas, and no request
 * waits for a common count. As many as a second brings may come at once in addition.
 */
public final class TokenBuckets {

    /** Buckets that are kept, at most; those that are full again equal new ones and are dropped. */
    private static final int BUCKETS_MAX = 50_000;

    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

    /**
     * Takes one of the bucket with this name.
     *
     * @param refusal what to say when there is none left, with the limit as {@code %d}
     * @throws Failure.TooManyRequests when there is none left
     */
    public void take(String name, int perSecond, String refusal) {
        ConsumptionProbe probe =
                buckets.computeIfAbsent(name, any -> bucket(perSecond)).tryConsumeAndReturnRemaining(1);
        if (buckets.size() > BUCKETS_MAX) {
            buckets.values().removeIf(bucket -> bucket.getAvailableTokens() >= perSecond);
            if (buckets.size() > 2 * BUCKETS_MAX) {
                // More names than honest callers have: begin again rather than grow.
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

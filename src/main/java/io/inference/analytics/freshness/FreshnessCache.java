package io.inference.analytics.freshness;

import io.quarkus.redis.datasource.RedisDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The hint in Redis: hash {@code analytics:freshness:{orgId}} with one field per model, a JSON
 * object with the fields of the API's entry. It expires on its own; a reader must expect it to be
 * old or missing.
 */
@ApplicationScoped
class FreshnessCache {

    /** One model of one organisation. */
    record Entry(UUID orgId, UUID modelId, Instant lastEventAt, Instant lastRollupAt, long lagSeconds, String status) {

        private String json() {
            return "{\"lastEventAt\":\"%s\",\"lastRollupAt\":\"%s\",\"lagSeconds\":%d,\"status\":\"%s\"}"
                    .formatted(lastEventAt, lastRollupAt, lagSeconds, status);
        }
    }

    /**
     * A single command: a hash left without an expiry would be trusted for ever. Not MULTI and
     * EXEC: a time-out between the two leaves a connection in the pool that queues every command of
     * its next user.
     */
    private static final String WRITE =
            """
            for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
            return redis.call('PEXPIRE', KEYS[1], ARGV[1])
            """;

    private final Instance<RedisDataSource> redis;
    private final Duration timeToLive;

    FreshnessCache(
            Instance<RedisDataSource> redis,
            @ConfigProperty(name = "analytics.freshness.cache-ttl") Duration timeToLive) {
        this.redis = redis;
        this.timeToLive = timeToLive;
    }

    /**
     * Writes all entries of the organisations in the list; throws when Redis does not answer in
     * time.
     */
    void write(List<Entry> entries) {
        Map<String, Map<String, String>> hashes = new LinkedHashMap<>();
        for (Entry entry : entries) {
            hashes.computeIfAbsent("analytics:freshness:" + entry.orgId(), key -> new LinkedHashMap<>())
                    .put(entry.modelId().toString(), entry.json());
        }
        hashes.forEach((key, fields) -> {
            List<String> arguments = new ArrayList<>(List.of(WRITE, "1", key, Long.toString(timeToLive.toMillis())));
            fields.forEach((field, value) -> arguments.addAll(List.of(field, value)));
            redis.get().execute("EVAL", arguments.toArray(String[]::new));
        });
    }
}

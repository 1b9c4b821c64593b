package io.inference.analytics.access;

import io.inference.analytics.database.ApiDatabase;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.Failure;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.HttpHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Keys in the header {@code X-API-Key}. What the database says about a key is cached for
 * {@link #CACHED_FOR}, so every replica refuses a revoked key within that time. When the database
 * is away and the key is not cached, the response is 503.
 */
@ApplicationScoped
class ApiKeyAuthenticator implements Authenticator {

    private static final Logger LOG = Logger.getLogger(ApiKeyAuthenticator.class);

    static final String HEADER = "X-API-Key";

    /** The contract allows 30 s after a revocation. */
    private static final Duration CACHED_FOR = Duration.ofSeconds(15);

    /** Guessed keys could otherwise fill the memory; valid keys are read again. */
    private static final int CACHED_MAX = 10_000;

    private static final String REFUSAL = "The API key is not valid: unknown, revoked or expired.";

    private record Cached(Optional<ApiKeyStore.Stored> stored, Instant until) {}

    private final ApiKeyStore store;
    private final ApiDatabase database;
    private final Clock clock;
    private final Map<String, Cached> cached = new ConcurrentHashMap<>();
    private final Map<UUID, Instant> uses = new ConcurrentHashMap<>();

    ApiKeyAuthenticator(ApiKeyStore store, ApiDatabase database, Clock clock) {
        this.store = store;
        this.database = database;
        this.clock = clock;
    }

    @Override
    public Optional<Caller> authenticate(HttpHeaders headers) {
        List<String> given = headers.getRequestHeader(HEADER);
        if (given == null || given.isEmpty()) {
            return Optional.empty();
        }
        if (given.size() > 1) {
            throw new Failure.Unauthorized("There is more than one API key.");
        }
        return Optional.of(verify(given.get(0)));
    }

    /**
     * The caller that the key identifies.
     *
     * @throws Failure.Unauthorized when the key is not valid
     */
    Caller verify(String text) {
        String prefix = ApiKeySecret.prefix(text).orElseThrow(() -> new Failure.Unauthorized(REFUSAL));
        Instant now = clock.instant();
        ApiKeyStore.Stored stored = find(prefix, now).orElseThrow(() -> new Failure.Unauthorized(REFUSAL));
        if (!ApiKeySecret.matches(stored.hash(), text) || !stored.key().isValidAt(now)) {
            LOG.infof("event=api_key_refused prefix=%s", prefix);
            throw new Failure.Unauthorized(REFUSAL);
        }
        ApiKey key = stored.key();
        uses.put(key.keyId(), now);
        return new Caller("apikey:" + key.prefix(), key.orgs(), List.of(new Grant(key.permissions(), key.allOrgs())));
    }

    private Optional<ApiKeyStore.Stored> find(String prefix, Instant now) {
        Cached known = cached.get(prefix);
        if (known != null && now.isBefore(known.until())) {
            return known.stored();
        }
        Optional<ApiKeyStore.Stored> stored = database.read(handle -> store.find(handle, prefix));
        if (cached.size() >= CACHED_MAX) {
            cached.clear();
        }
        cached.put(prefix, new Cached(stored, now.plus(CACHED_FOR)));
        return stored;
    }

    /** Stores when keys were last used. */
    @EndsBeforeStop
    @Scheduled(every = "15s", delayed = "10s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void noteUses() {
        Map<UUID, Instant> noted = new HashMap<>(uses);
        if (noted.isEmpty()) {
            return;
        }
        try {
            database.change(handle -> {
                store.used(handle, noted);
                return null;
            });
            noted.forEach(uses::remove);
        } catch (RuntimeException e) {
            LOG.debugf("event=api_key_uses_not_noted cause=\"%s\"", e.getMessage());
        }
    }
}

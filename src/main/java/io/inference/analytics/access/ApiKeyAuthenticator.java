package io.inference.analytics.access;

import io.inference.analytics.database.ApiDatabase;
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
 * Keys in the header {@code X-API-Key}. What the database says about a key is believed for {@link #BELIEVED}, so a revoked key
 * ends within that time in every replica. When the database is away and nothing is believed, that is told as such (503).
 */
@ApplicationScoped
class ApiKeyAuthenticator implements Authenticator {

    private static final Logger LOG = Logger.getLogger(ApiKeyAuthenticator.class);

    /** The name of the header. */
    static final String HEADER = "X-API-Key";

    /** The contract allows 30 s after a revocation. */
    private static final Duration BELIEVED = Duration.ofSeconds(15);

    /** Somebody who guesses could otherwise fill the memory; the real keys are found again at once. */
    private static final int BELIEVED_MAX = 10_000;

    private static final String REFUSAL = "The API key does not hold: unknown, revoked or expired.";

    private record Believed(Optional<ApiKeyStore.Stored> stored, Instant until) {}

    private final ApiKeyStore store;
    private final ApiDatabase database;
    private final Clock clock;
    private final Map<String, Believed> believed = new ConcurrentHashMap<>();
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
     * The program that a key stands for.
     *
     * @throws Failure.Unauthorized when it does not hold
     */
    Caller verify(String text) {
        String prefix = ApiKeySecret.prefix(text).orElseThrow(() -> new Failure.Unauthorized(REFUSAL));
        Instant now = clock.instant();
        ApiKeyStore.Stored stored = find(prefix, now).orElseThrow(() -> new Failure.Unauthorized(REFUSAL));
        if (!ApiKeySecret.matches(stored.hash(), text) || !stored.key().holds(now)) {
            LOG.infof("event=api_key_refused prefix=%s", prefix);
            throw new Failure.Unauthorized(REFUSAL);
        }
        ApiKey key = stored.key();
        uses.put(key.keyId(), now);
        return new Caller("apikey:" + key.prefix(), key.orgs(), List.of(new Grant(key.permissions(), key.allOrgs())));
    }

    private Optional<ApiKeyStore.Stored> find(String prefix, Instant now) {
        Believed known = believed.get(prefix);
        if (known != null && now.isBefore(known.until())) {
            return known.stored();
        }
        Optional<ApiKeyStore.Stored> stored = database.read(handle -> store.find(handle, prefix));
        if (believed.size() >= BELIEVED_MAX) {
            believed.clear();
        }
        believed.put(prefix, new Believed(stored, now.plus(BELIEVED)));
        return stored;
    }

    /** Notes in the database when keys were used last. */
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

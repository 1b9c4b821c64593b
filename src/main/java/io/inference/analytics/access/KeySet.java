package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.SmallDocument;
import io.inference.analytics.settings.TokenKey;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * The keys behind a JWKS address (RFC 7517). A token with an id is checked with the key of that id,
 * or else with the keys that have none; a token without an id with each key that fits its algorithm.
 * A removed key is refused within {@link #CACHED_FOR}. Cached keys stay valid while the address does
 * not answer.
 *
 * <p>A new key is found at once, because an unknown id makes the set be read again. A read that found
 * nothing new is repeated after {@link #PAUSE}: a token that comes earlier waits for it, so that
 * another caller's made-up id cannot make it be refused. After a read that failed, or that changed the
 * set, there is none for {@link #LONG_PAUSE}.
 *
 * <p>Bounds: at most {@link #WAITING_MAX} callers wait, further ones are refused at once. Each call
 * takes at most 3 s and 1 MiB. Of a token without an id, at most {@link #CANDIDATES_MAX} keys are tried.
 */
final class KeySet {

    private static final Logger LOG = Logger.getLogger(KeySet.class);

    private static final Duration CACHED_FOR = Duration.ofMinutes(5);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration LONG_PAUSE = Duration.ofSeconds(5);
    private static final int WAITING_MAX = 8;
    private static final int CANDIDATES_MAX = 16;

    /** A key of the set; the id is empty where it has none. */
    private record Key(Optional<String> id, PublicKey key) {}

    /** What a token's header says; the id is empty where it has none. */
    private record Header(Optional<String> id, String algorithm) {

        boolean fits(Key candidate) {
            return algorithm.equals(candidate.key() instanceof RSAPublicKey ? "RS256" : "ES256");
        }
    }

    private final SmallDocument document;
    private final Clock clock;
    private final ReentrantLock asking = new ReentrantLock();
    private final Semaphore waiting = new Semaphore(WAITING_MAX);
    private volatile List<Key> keys = List.of();
    private volatile Instant readAt = Instant.MIN;
    // Written with the lock held.
    private Instant quietUntil = Instant.MIN;
    private boolean foundNothingNew;

    KeySet(URI address, Clock clock) {
        this.document = new SmallDocument(address);
        this.clock = clock;
    }

    /**
     * The keys that the token may be signed with; the signature is verified elsewhere.
     *
     * @return empty when there is no such key, or the text is not a token
     * @throws Failure.Unavailable when the address has never answered
     */
    List<PublicKey> keysOf(String token) {
        Optional<Header> header = header(token);
        if (header.isEmpty()) {
            return List.of();
        }
        if (readAt.equals(Instant.MIN)) {
            ask(true);
        } else if (!clock.instant().isBefore(readAt.plus(CACHED_FOR))) {
            ask(false);
        }
        if (readAt.equals(Instant.MIN)) {
            throw new Failure.Unavailable("The keys of the tokens cannot be read at present.", LONG_PAUSE, null);
        }
        if (find(header.get()).isEmpty()) {
            search(header.get());
        }
        return find(header.get());
    }

    private List<PublicKey> find(Header header) {
        List<Key> fitting = keys.stream().filter(header::fits).toList();
        List<Key> named = header.id().isEmpty()
                ? fitting
                : fitting.stream().filter(key -> key.id().equals(header.id())).toList();
        List<Key> candidates = named.isEmpty()
                ? fitting.stream().filter(key -> key.id().isEmpty()).toList()
                : named;
        return candidates.stream().limit(CANDIDATES_MAX).map(Key::key).toList();
    }

    /** Empty when the header cannot be read, or its id is not a text. */
    private static Optional<Header> header(String token) {
        int dot = token.indexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(token.substring(0, dot));
            Map<String, Object> header = JsonUtil.parseJson(new String(bytes, StandardCharsets.UTF_8));
            Object id = header.get("kid");
            boolean readable = !header.containsKey("kid") || id instanceof String text && !text.isEmpty();
            return readable && header.get("alg") instanceof String algorithm
                    ? Optional.of(new Header(Optional.ofNullable((String) id), algorithm))
                    : Optional.empty();
        } catch (IllegalArgumentException | JoseException e) {
            return Optional.empty();
        }
    }

    /** Reads the keys again, unless that was tried just now, or another thread is doing so and need not be awaited. */
    private void ask(boolean await) {
        if (await) {
            asking.lock();
        } else if (!asking.tryLock()) {
            return;
        }
        try {
            if (!clock.instant().isBefore(quietUntil)) {
                readAgain();
            }
        } finally {
            asking.unlock();
        }
    }

    /** Reads the keys again for a token of a key that is not known, after a pause if need be. */
    private void search(Header header) {
        if (!waiting.tryAcquire()) {
            return;
        }
        asking.lock();
        try {
            Duration rest = Duration.between(clock.instant(), quietUntil);
            boolean early = rest.compareTo(Duration.ZERO) > 0;
            if (!find(header).isEmpty() || early && !foundNothingNew) {
                return;
            }
            if (early) {
                TimeUnit.MILLISECONDS.sleep(Math.min(rest.toMillis(), PAUSE.toMillis()));
            }
            readAgain();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            asking.unlock();
            waiting.release();
        }
    }

    private void readAgain() {
        Instant now = clock.instant();
        quietUntil = now.plus(LONG_PAUSE);
        foundNothingNew = false;
        try {
            List<Key> found = read();
            foundNothingNew = found.equals(keys);
            quietUntil = foundNothingNew ? now.plus(PAUSE) : quietUntil;
            keys = found;
            readAt = now;
        } catch (IOException | JoseException e) {
            LOG.warnf("event=jwks_not_read setting=JWT_JWKS_URL cause=\"%s\"", LogText.plain(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Key> read() throws IOException, InterruptedException, JoseException {
        List<Key> found = new ArrayList<>();
        for (JsonWebKey key : new JsonWebKeySet(document.read()).getJsonWebKeys()) {
            if (key instanceof PublicJsonWebKey both
                    && !"enc".equals(key.getUse())
                    && TokenKey.isStrong(both.getPublicKey())) {
                found.add(new Key(Optional.ofNullable(key.getKeyId()), both.getPublicKey()));
            }
        }
        LOG.infof("event=jwks_read keys=%d", found.size());
        return List.copyOf(found);
    }
}

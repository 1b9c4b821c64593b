package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.settings.TokenKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * The keys behind a JWKS address (RFC 7517), by their ids. A new key is found at once, because an
 * unknown id makes the set be read again. A removed key is refused within {@link #CACHED_FOR}.
 * Cached keys stay valid while the address does not answer.
 *
 * <p>Bounds: the address is asked at most every {@link #PAUSE}, whatever ids callers invent. Each
 * call takes at most 3 s and 1 MiB.
 */
final class KeySet {

    private static final Logger LOG = Logger.getLogger(KeySet.class);

    private static final Duration CACHED_FOR = Duration.ofMinutes(5);
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final Duration CALL_MAX = Duration.ofSeconds(3);
    private static final int BYTES_MAX = 1 << 20;

    /** The id of a key that has none. */
    private static final String NAMELESS = "";

    private final URI address;
    private final Clock clock;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(CALL_MAX).build();
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Map<String, PublicKey> keys = Map.of();
    private volatile Instant askedAt = Instant.MIN;
    private volatile Instant readAt = Instant.MIN;

    KeySet(URI address, Clock clock) {
        this.address = address;
        this.clock = clock;
    }

    /**
     * The key that the token claims to be signed with; the signature is verified elsewhere.
     *
     * @return empty when there is no such key, or the text is not a token
     * @throws Failure.Unavailable when the address has never answered
     */
    Optional<PublicKey> keyOf(String token) {
        Optional<String> id = keyId(token);
        if (id.isEmpty()) {
            return Optional.empty();
        }
        Optional<PublicKey> known = find(id.get());
        if (known.isPresent() && clock.instant().isBefore(readAt.plus(CACHED_FOR))) {
            return known;
        }
        ask();
        if (readAt.equals(Instant.MIN)) {
            throw new Failure.Unavailable("The keys of the tokens cannot be read at present.", PAUSE, null);
        }
        return find(id.get());
    }

    private Optional<PublicKey> find(String id) {
        Map<String, PublicKey> all = keys;
        if (id.equals(NAMELESS) && all.size() == 1) {
            return Optional.of(all.values().iterator().next());
        }
        return Optional.ofNullable(all.get(id));
    }

    /**
     * The id in the header, {@link #NAMELESS} if there is none; empty when the header cannot be
     * read.
     */
    private static Optional<String> keyId(String token) {
        int dot = token.indexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        try {
            byte[] header = Base64.getUrlDecoder().decode(token.substring(0, dot));
            Object id = JsonUtil.parseJson(new String(header, StandardCharsets.UTF_8))
                    .get("kid");
            return Optional.of(id instanceof String text ? text : NAMELESS);
        } catch (IllegalArgumentException | JoseException e) {
            return Optional.empty();
        }
    }

    /** Reads the keys again, unless another thread did so just now or is doing so. */
    private void ask() {
        // While no key is known, every request waits for the answer; later ones continue with the
        // known keys.
        if (readAt.equals(Instant.MIN)) {
            asking.lock();
        } else if (!asking.tryLock()) {
            return;
        }
        try {
            Instant now = clock.instant();
            if (askedAt.equals(Instant.MIN) || !now.isBefore(askedAt.plus(PAUSE))) {
                askedAt = now;
                keys = read();
                readAt = now;
            }
        } catch (IOException | JoseException e) {
            LOG.warnf("event=jwks_not_read cause=\"%s\"", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            asking.unlock();
        }
    }

    private Map<String, PublicKey> read() throws IOException, InterruptedException, JoseException {
        HttpResponse<byte[]> answer = answer();
        byte[] body = answer.body();
        if (answer.statusCode() != 200 || body.length > BYTES_MAX) {
            throw new IOException("status %d, %d bytes (expected: 200, at most %d)"
                    .formatted(answer.statusCode(), body.length, BYTES_MAX));
        }
        Map<String, PublicKey> found = new HashMap<>();
        for (JsonWebKey key : new JsonWebKeySet(new String(body, StandardCharsets.UTF_8)).getJsonWebKeys()) {
            if (key instanceof PublicJsonWebKey both
                    && !"enc".equals(key.getUse())
                    && TokenKey.isStrong(both.getPublicKey())) {
                found.put(key.getKeyId() == null ? NAMELESS : key.getKeyId(), both.getPublicKey());
            }
        }
        LOG.infof("event=jwks_read keys=%d", found.size());
        return Map.copyOf(found);
    }

    /**
     * The time-out of an HTTP request ends with the headers; this one covers the whole response.
     */
    private HttpResponse<byte[]> answer() throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(
                HttpRequest.newBuilder(address)
                        .timeout(CALL_MAX)
                        .header("Accept", "application/json")
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        try {
            return answer.get(CALL_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("the address of the keys does not answer", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("no complete answer within " + CALL_MAX, e);
        } finally {
            answer.cancel(true);
        }
    }
}

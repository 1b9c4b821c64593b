package io.inference.analytics.console;

import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.SmallDocument;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jboss.logging.Logger;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/**
 * The hosts that the page may call at the provider: that of the issuer, and those of the addresses in its discovery document
 * (OpenID Connect Discovery 1.0, section 4), as many providers issue tokens elsewhere. The document is read at the start, and
 * after {@link #KEPT} when the page is next asked for. Until it has been read, the policy names the issuer's host only; a page
 * that is asked for during a read waits for it, at most for the bound of {@link SmallDocument}. After a read that failed there is
 * none for {@link #PAUSE}; what was read before still holds.
 */
@Singleton
class ProviderOrigins {

    private static final Logger LOG = Logger.getLogger(ProviderOrigins.class);
    private static final Duration KEPT = Duration.ofHours(1);
    private static final Duration PAUSE = Duration.ofSeconds(10);

    /**
     * Where the page may send requests and forms.
     *
     * @param calls for tokens
     * @param forms to end a session
     */
    record Origins(Set<String> calls, Set<String> forms) {

        static final Origins NONE = new Origins(Set.of(), Set.of());
    }

    private final Optional<SignInProvider> provider;
    private final Optional<SmallDocument> document;
    private final Vertx vertx;
    private final Clock clock;
    private volatile Origins known;
    private volatile boolean wasRead;
    // Both are read and written with the lock held.
    private Instant dueAt = Instant.MIN;
    private Future<Origins> reading = Future.succeededFuture(Origins.NONE);

    ProviderOrigins(ConsoleFiles files, Vertx vertx, Clock clock) {
        this.provider = files.provider();
        this.document = provider.map(found -> new SmallDocument(URI.create(found.discovery())));
        this.vertx = vertx;
        this.clock = clock;
        this.known = provider.map(found -> originsOf(found, Map.of())).orElse(Origins.NONE);
    }

    /** Those that are known; a first read that is under way is awaited. Never fails. */
    synchronized Future<Origins> find() {
        if (document.isPresent() && reading.isComplete() && !clock.instant().isBefore(dueAt)) {
            reading = vertx.executeBlocking(() -> read(provider.get(), document.get()), false)
                    .otherwise(failure -> known);
        }
        return wasRead ? Future.succeededFuture(known) : reading;
    }

    private Origins read(SignInProvider from, SmallDocument at) throws InterruptedException {
        Duration pause = PAUSE;
        try {
            Map<String, Object> discovery = JsonUtil.parseJson(at.read());
            if (!from.issuer().equals(discovery.get("issuer"))) {
                throw new IOException("it names another issuer (expected: CONSOLE_OIDC_ISSUER, to the letter)");
            }
            known = originsOf(from, discovery);
            wasRead = true;
            pause = KEPT;
            LOG.infof("event=sign_in_provider_read calls=%s forms=%s", known.calls(), known.forms());
        } catch (IOException | JoseException e) {
            LOG.warnf(
                    "event=sign_in_provider_not_read setting=CONSOLE_OIDC_ISSUER cause=\"%s\"",
                    LogText.plain(e.getMessage()));
        } finally {
            readAgainIn(pause);
        }
        return known;
    }

    private synchronized void readAgainIn(Duration pause) {
        dueAt = clock.instant().plus(pause);
    }

    static Origins originsOf(SignInProvider provider, Map<String, Object> discovery) {
        return new Origins(
                origins(provider, discovery.get("token_endpoint")),
                origins(provider, discovery.get("end_session_endpoint")));
    }

    private static Set<String> origins(SignInProvider provider, Object address) {
        Set<String> origins = new TreeSet<>(Set.of(provider.origin()));
        if (address instanceof String text) {
            provider.originBehind(text)
                    .ifPresentOrElse(
                            origins::add,
                            () -> LOG.warnf("event=sign_in_address_refused address=\"%s\"", LogText.plain(text)));
        }
        return Set.copyOf(origins);
    }
}

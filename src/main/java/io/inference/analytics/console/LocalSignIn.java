package io.inference.analytics.console;

import io.inference.analytics.settings.AddressRange;
import io.inference.analytics.settings.LocalKey;
import io.quarkus.runtime.configuration.ConfigUtils;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.security.interfaces.RSAPrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.lang.JoseException;

/**
 * Signs in to the local stack by one click: hands a browser on this machine a token with all rights, which lasts an hour. The
 * calls with it are audited as those of {@code local-developer}. Without CONSOLE_LOCAL_KEY, and for every other machine, it
 * does not exist; in profile prod the key stops the start.
 */
@Singleton
class LocalSignIn {

    static final String PATH = "/console/local-sign-in";

    private static final Logger LOG = Logger.getLogger(LocalSignIn.class);
    private static final Duration LIFETIME = Duration.ofHours(1);

    /** The names by which a browser reaches its own machine; another one may be a stranger's that leads here. */
    private static final Set<String> OWN_HOSTS = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

    private static final List<AddressRange> LOOPBACK = AddressRange.list("127.0.0.0/8, ::1");

    /** What a proxy adds: its client may be anywhere. */
    private static final List<String> FORWARDED = List.of("Forwarded", "X-Forwarded-For", "X-Forwarded-Host");

    private final Optional<RSAPrivateKey> key;
    private final Config settings;
    private final Clock clock;

    LocalSignIn(ConsoleConfig console, Config settings, Clock clock) {
        if (console.localKey().isPresent() && ConfigUtils.isProfileActive("prod")) {
            throw new IllegalArgumentException("CONSOLE_LOCAL_KEY is set (expected: nothing in profile prod)");
        }
        this.key = console.localKey().map(LocalKey::read);
        this.settings = settings;
        this.clock = clock;
    }

    /** Whether the caller is a browser on this machine, and the service has the key. */
    boolean isOfferedTo(HttpServerRequest request) {
        return key.isPresent() && isFromThisMachine(request);
    }

    private static boolean isFromThisMachine(HttpServerRequest request) {
        HostAndPort asked = request.authority();
        return asked != null
                && OWN_HOSTS.contains(asked.host())
                && FORWARDED.stream().noneMatch(request.headers()::contains)
                && LOOPBACK.stream()
                        .anyMatch(range -> range.contains(
                                String.valueOf(request.remoteAddress().hostAddress())));
    }

    /** Answers with a token, if the page itself asks: another site can neither choose this media type nor hide its origin. */
    void answer(RoutingContext request) {
        if (!request.request().method().equals(HttpMethod.POST)) {
            request.response().putHeader(HttpHeaders.ALLOW, "POST");
            request.fail(405);
        } else if (!isFromThePage(request.request())) {
            request.fail(403);
        } else {
            LOG.info("event=local_sign_in");
            request.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .end("{\"token\":\"" + token() + "\"}");
        }
    }

    private static boolean isFromThePage(HttpServerRequest request) {
        return ("http://" + request.getHeader(HttpHeaders.HOST)).equals(request.getHeader(HttpHeaders.ORIGIN))
                && "application/json".equals(request.getHeader(HttpHeaders.CONTENT_TYPE));
    }

    private String token() {
        Instant now = clock.instant();
        JwtClaims claims = new JwtClaims();
        claims.setIssuer(setting("jwt-issuer"));
        claims.setAudience(setting("jwt-audience"));
        claims.setSubject("local-developer");
        claims.setStringListClaim(setting("roles-claim"), List.of("system-admin"));
        // The role sees every organisation.
        claims.setStringListClaim(setting("orgs-claim"), List.of());
        claims.setIssuedAt(NumericDate.fromSeconds(now.getEpochSecond()));
        claims.setExpirationTime(NumericDate.fromSeconds(now.plus(LIFETIME).getEpochSecond()));
        claims.setGeneratedJwtId();
        JsonWebSignature signature = new JsonWebSignature();
        signature.setPayload(claims.toJson());
        signature.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256);
        signature.setKey(key.orElseThrow());
        try {
            return signature.getCompactSerialization();
        } catch (JoseException e) {
            throw new IllegalStateException("no token", e);
        }
    }

    /** The token has the names that the API expects. */
    private String setting(String name) {
        return settings.getValue("analytics.access." + name, String.class);
    }
}

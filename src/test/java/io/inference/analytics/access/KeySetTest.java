package io.inference.analytics.access;

import static io.inference.analytics.access.SignedTokens.EC;
import static io.inference.analytics.access.SignedTokens.RSA;
import static io.inference.analytics.access.SignedTokens.claims;
import static io.inference.analytics.access.SignedTokens.claimsJson;
import static io.inference.analytics.access.SignedTokens.jwk;
import static io.inference.analytics.access.SignedTokens.pair;
import static io.inference.analytics.access.SignedTokens.rightlySigned;
import static io.inference.analytics.access.SignedTokens.rs256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.access.SignedTokens.Settings;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.testing.MovedClock;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jws.JsonWebSignature;
import org.junit.jupiter.api.Test;

/** Tokens whose keys come from an address. */
class KeySetTest {

    private static String keyed(String id, KeyPair key, SignatureAlgorithm algorithm) {
        return claims().jws().keyId(id).algorithm(algorithm).sign(key.getPrivate());
    }

    /** A key set that a test can change, and how often it was asked for. */
    private static final class Keys implements AutoCloseable {

        private final HttpServer server;
        private final AtomicReference<String> set = new AtomicReference<>();
        private final AtomicInteger asked = new AtomicInteger();

        Keys(JsonWebKey... keys) throws IOException {
            set.set(new JsonWebKeySet(keys).toJson());
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/jwks", exchange -> {
                asked.incrementAndGet();
                byte[] body = set.get().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(body.length == 0 ? 500 : 200, body.length == 0 ? -1 : body.length);
                try (var out = exchange.getResponseBody()) {
                    out.write(body);
                }
            });
            server.start();
        }

        void now(JsonWebKey... keys) {
            set.set(new JsonWebKeySet(keys).toJson());
        }

        TokenAuthenticator authenticator(Clock clock) {
            return new TokenAuthenticator(
                    new Settings(
                            true,
                            Optional.of("https://issuer"),
                            Optional.of("analytics"),
                            Optional.empty(),
                            Optional.of(
                                    "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks")),
                    clock);
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    @Test
    void aKeySetHoldsBothAlgorithms() throws Exception {
        try (Keys keys = new Keys(jwk("rsa", RSA), jwk("ec", EC))) {
            TokenAuthenticator tokens = keys.authenticator(Clock.systemUTC());
            assertThat(tokens.verify(keyed("rsa", RSA, SignatureAlgorithm.RS256))
                            .subject())
                    .isEqualTo("ann");
            assertThat(tokens.verify(keyed("ec", EC, SignatureAlgorithm.ES256)).subject())
                    .isEqualTo("ann");
            assertThat(tokens.verify(rs256(claims -> claims)).subject())
                    .as("without an id")
                    .isEqualTo("ann");
            for (String bad : List.of(
                    keyed("rsa", pair("RSA"), SignatureAlgorithm.RS256),
                    keyed("other", RSA, SignatureAlgorithm.RS256),
                    keyed("ec", RSA, SignatureAlgorithm.RS256),
                    keyed("rsa", RSA, SignatureAlgorithm.RS512),
                    keyed("rsa", EC, SignatureAlgorithm.ES256),
                    claims().jws()
                            .keyId("rsa")
                            .algorithm(SignatureAlgorithm.HS256)
                            .sign((javax.crypto.SecretKey) new javax.crypto.spec.SecretKeySpec(
                                    RSA.getPublic().getEncoded(), "HmacSHA256")),
                    "",
                    "x",
                    "eyJ.e.x",
                    "e30.e30.",
                    "..")) {
                assertThatThrownBy(() -> tokens.verify(bad)).as(bad).isInstanceOf(Failure.Unauthorized.class);
            }
        }
    }

    @Test
    void keysChangeWithoutARestart() throws Exception {
        KeyPair old = pair("RSA");
        KeyPair next = pair("EC");
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        try (Keys keys = new Keys(jwk("old", old))) {
            TokenAuthenticator tokens = keys.authenticator(new MovedClock(now::get));
            String byOld = keyed("old", old, SignatureAlgorithm.RS256);
            String byNext = keyed("next", next, SignatureAlgorithm.ES256);
            assertThat(tokens.verify(byOld).subject()).isEqualTo("ann");
            assertThatThrownBy(() -> tokens.verify(byNext)).isInstanceOf(Failure.Unauthorized.class);

            keys.now(jwk("old", old), jwk("next", next));
            now.set(now.get().plusSeconds(6));
            assertThat(tokens.verify(byNext).subject()).as("found at once").isEqualTo("ann");

            int asked = keys.asked.get();
            for (int i = 0; i < 50; i++) {
                String invented = keyed("invented" + i, old, SignatureAlgorithm.RS256);
                assertThatThrownBy(() -> tokens.verify(invented)).isInstanceOf(Failure.Unauthorized.class);
            }
            assertThat(keys.asked.get()).as("invented ids ask no more").isEqualTo(asked);

            keys.now(jwk("next", next));
            now.set(now.get().plusSeconds(300));
            assertThatThrownBy(() -> tokens.verify(byOld)).as("taken away").isInstanceOf(Failure.Unauthorized.class);

            keys.set.set("");
            now.set(now.get().plusSeconds(3_600));
            assertThat(tokens.verify(byNext).subject())
                    .as("goes on while the address fails")
                    .isEqualTo("ann");
        }
    }

    @Test
    void keysThatWereNeverReadAreNoFaultOfTheCaller() throws Exception {
        try (Keys keys = new Keys(jwk("rsa", RSA))) {
            keys.set.set("");
            TokenAuthenticator tokens = keys.authenticator(Clock.systemUTC());
            assertThatThrownBy(() -> tokens.verify(keyed("rsa", RSA, SignatureAlgorithm.RS256)))
                    .isInstanceOf(Failure.Unavailable.class);
        }
    }

    @Test
    void weakKeysOfASetAreLeftOut() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        KeyPair weak = generator.generateKeyPair();
        try (Keys keys = new Keys(jwk("weak", weak))) {
            JsonWebSignature token = new JsonWebSignature();
            token.setAlgorithmHeaderValue("RS256");
            token.setKeyIdHeaderValue("weak");
            token.setKey(weak.getPrivate());
            token.setDoKeyValidation(false);
            token.setPayload("{}");
            String text = token.getCompactSerialization();
            assertThatThrownBy(() -> keys.authenticator(Clock.systemUTC()).verify(text))
                    .isInstanceOf(Failure.Unauthorized.class);
        }
    }

    @Test
    void strangeIdsOfKeysFindNone() throws Exception {
        try (Keys keys = new Keys(jwk("rsa", RSA), jwk("ec", EC))) {
            TokenAuthenticator tokens = keys.authenticator(Clock.systemUTC());
            assertThat(tokens.verify(rightlySigned("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", claimsJson()))
                            .subject())
                    .isEqualTo("ann");
            for (String id : List.of(
                    "null",
                    "7",
                    "[\"rsa\"]",
                    "{}",
                    "\"\"",
                    "\"RSA\"",
                    "\"ec\"",
                    "\"../../../../dev/null\"",
                    "\"' or '1'='1\"",
                    "\"http://127.0.0.1/jwks\"",
                    "\"rsa\\u0000\"",
                    "\"rsa\",\"kid\":\"ec\"")) {
                String token = rightlySigned("{\"alg\":\"RS256\",\"kid\":" + id + "}", claimsJson());
                assertThatThrownBy(() -> tokens.verify(token)).as(id).isInstanceOf(Failure.Unauthorized.class);
            }
        }
    }

    @Test
    void aTokenWithoutAnIdIsCheckedWithTheKeysThatFit() throws Exception {
        KeyPair second = pair("RSA");
        for (String id : new String[] {"named", null}) {
            try (Keys keys = new Keys(jwk(id, RSA), jwk("ec", EC), jwk(id == null ? null : "other", second))) {
                TokenAuthenticator tokens = keys.authenticator(Clock.systemUTC());
                for (KeyPair pair : List.of(RSA, second)) {
                    String token =
                            claims().jws().algorithm(SignatureAlgorithm.RS256).sign(pair.getPrivate());
                    assertThat(tokens.verify(token).subject()).isEqualTo("ann");
                }
                String stranger = claims().jws()
                        .algorithm(SignatureAlgorithm.RS256)
                        .sign(pair("RSA").getPrivate());
                assertThatThrownBy(() -> tokens.verify(stranger)).isInstanceOf(Failure.Unauthorized.class);
            }
        }
    }

    @Test
    void anIdThatTheSetDoesNotNameMayBeOfItsNamelessKeys() throws Exception {
        try (Keys keys = new Keys(jwk(null, RSA), jwk("ec", EC))) {
            TokenAuthenticator tokens = keys.authenticator(Clock.systemUTC());
            assertThat(tokens.verify(keyed("rsa", RSA, SignatureAlgorithm.RS256))
                            .subject())
                    .isEqualTo("ann");
        }
    }

    @Test
    void aMadeUpIdDoesNotDelayARotation() throws Exception {
        KeyPair old = pair("RSA");
        KeyPair next = pair("RSA");
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        try (Keys keys = new Keys(jwk("old", old))) {
            TokenAuthenticator tokens = keys.authenticator(new MovedClock(now::get));
            tokens.verify(keyed("old", old, SignatureAlgorithm.RS256));
            now.set(now.get().plusSeconds(60));
            String invented = keyed("invented", pair("RSA"), SignatureAlgorithm.RS256);
            assertThatThrownBy(() -> tokens.verify(invented)).isInstanceOf(Failure.Unauthorized.class);
            int asked = keys.asked.get();

            keys.now(jwk("old", old), jwk("next", next));
            assertThat(tokens.verify(keyed("next", next, SignatureAlgorithm.RS256))
                            .subject())
                    .isEqualTo("ann");
            assertThat(keys.asked.get()).isEqualTo(asked + 1);
        }
    }
}

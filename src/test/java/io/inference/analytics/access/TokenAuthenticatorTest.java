package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.testing.MovedClock;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenAuthenticatorTest {

    private static final KeyPair RSA = pair("RSA");
    private static final KeyPair EC = pair("EC");
    private static final UUID ORG = UUID.randomUUID();

    private record Settings(
            boolean rbacEnabled,
            Optional<String> jwtIssuer,
            Optional<String> jwtAudience,
            Optional<String> jwtPublicKey,
            Optional<String> jwtJwksUrl)
            implements AccessConfig {

        @Override
        public int rateLimitSubject() {
            return 1;
        }

        @Override
        public int rateLimitOrg() {
            return 1;
        }

        @Override
        public int rateLimitRefused() {
            return 1;
        }
    }

    private static KeyPair pair(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            } else {
                generator.initialize(2048);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(KeyPair pair) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    private static TokenAuthenticator withKey(String pemOrPath) {
        return new TokenAuthenticator(
                new Settings(
                        true,
                        Optional.of("https://issuer"),
                        Optional.of("analytics"),
                        Optional.of(pemOrPath),
                        Optional.empty()),
                Clock.systemUTC());
    }

    private static JwtClaimsBuilder claims() {
        Instant now = Instant.now();
        return Jwt.claims()
                .issuer("https://issuer")
                .audience("analytics")
                .subject("ann")
                .issuedAt(now)
                .expiresAt(now.plusSeconds(300))
                .claim("orgs", List.of(ORG.toString()))
                .claim("roles", List.of("engineer", "something-else"));
    }

    private static String signed(UnaryOperator<JwtClaimsBuilder> spoil, KeyPair key, SignatureAlgorithm algorithm) {
        return spoil.apply(claims()).jws().algorithm(algorithm).sign(key.getPrivate());
    }

    private static String rs256(UnaryOperator<JwtClaimsBuilder> spoil) {
        return signed(spoil, RSA, SignatureAlgorithm.RS256);
    }

    private static void refused(String token) {
        assertThatThrownBy(() -> withKey(pem(RSA)).verify(token)).isInstanceOf(Failure.Unauthorized.class);
    }

    @Test
    void rs256AndEs256Hold() {
        Caller caller = withKey(pem(RSA)).verify(rs256(claims -> claims));
        assertThat(caller.subject()).isEqualTo("ann");
        assertThat(caller.orgs()).containsExactly(ORG);
        assertThat(caller.grants()).containsExactly(Role.ENGINEER.grant());
        assertThat(withKey(pem(EC))
                        .verify(signed(claims -> claims, EC, SignatureAlgorithm.ES256))
                        .subject())
                .isEqualTo("ann");
    }

    @Test
    void theKeyMayComeFromAFileOrInOneLine(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("key.pem"), pem(EC));
        String token = signed(claims -> claims, EC, SignatureAlgorithm.ES256);
        assertThat(withKey(file.toString()).verify(token).subject()).isEqualTo("ann");
        assertThat(withKey(pem(EC).replace("\n", "\\n")).verify(token).subject())
                .isEqualTo("ann");
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

    private static JsonWebKey jwk(String id, KeyPair pair) throws Exception {
        PublicJsonWebKey key = PublicJsonWebKey.Factory.newPublicJwk(pair.getPublic());
        key.setKeyId(id);
        return key;
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
                    rs256(claims -> claims),
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
    void keysAndAddressesInTheTokenItselfAreIgnored() throws Exception {
        KeyPair own = pair("RSA");
        JsonWebSignature forged = new JsonWebSignature();
        forged.setAlgorithmHeaderValue("RS256");
        forged.setKey(own.getPrivate());
        forged.setJwkHeader((PublicJsonWebKey) jwk("own", own));
        forged.setHeader("jku", "https://attacker.example/jwks");
        forged.setPayload(claimsJson());
        refused(forged.getCompactSerialization());
    }

    private static String claimsJson() {
        long now = Instant.now().getEpochSecond();
        return "{\"iss\":\"https://issuer\",\"aud\":\"analytics\",\"sub\":\"ann\",\"orgs\":[],\"iat\":%d,\"exp\":%d}"
                .formatted(now, now + 300);
    }

    /** Signed with the right key, so that only what is wrong with the header or the claims can be the reason. */
    private static String rightlySigned(String header, String payload) throws GeneralSecurityException {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String signed = base64.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(RSA.getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64.encodeToString(signature.sign());
    }

    @Test
    void strangeHeadersAreRefused() throws Exception {
        TokenAuthenticator tokens = withKey(pem(RSA));
        assertThat(tokens.verify(rightlySigned("{\"alg\":\"RS256\"}", claimsJson()))
                        .subject())
                .isEqualTo("ann");
        for (String header : List.of(
                "{}",
                "{\"alg\":null}",
                "{\"alg\":[\"RS256\"]}",
                "{\"alg\":\"rs256\"}",
                "{\"alg\":\"RS256 \"}",
                "{\"alg\":\"none\"}",
                "{\"alg\":\"nOnE\"}",
                "{\"alg\":\"PS256\"}",
                "{\"alg\":\"HS256\"}",
                "{\"alg\":\"none\",\"alg\":\"RS256\"}",
                "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
                "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}",
                "{\"alg\":\"RS256\",\"b64\":false,\"crit\":[\"b64\"]}",
                "{\"alg\":\"RS256\"",
                "[]",
                "null")) {
            String token = rightlySigned(header, claimsJson());
            assertThatThrownBy(() -> tokens.verify(token)).as(header).isInstanceOf(Failure.Unauthorized.class);
        }
    }

    @Test
    void strangeClaimsAreRefused() throws Exception {
        TokenAuthenticator tokens = withKey(pem(RSA));
        String good = claimsJson();
        for (String claims : List.of(
                good.replace("\"sub\"", "\"sub\":\"eve\",\"sub\""),
                good.replace("\"orgs\"", "\"orgs\":[],\"orgs\""),
                good.replace("\"ann\"", "7"),
                good.replace("\"ann\"", "\" \""),
                good.replace("\"orgs\":[]", "\"orgs\":null"),
                good.replace("\"orgs\":[]", "\"orgs\":{}"),
                good.replace("\"orgs\":[]", "\"orgs\":\"*\""),
                good.replace("\"orgs\":[]", "\"orgs\":[\"*\"]"),
                good.replace("\"orgs\":[]", "\"orgs\":[[\"" + ORG + "\"]]"),
                good.replace("\"orgs\":[]", "\"orgs\":[null]"),
                good.replace("\"orgs\":[]", "\"Orgs\":[]"),
                good.replace("\"orgs\":[]", "\"orgs\":[],\"roles\":{\"engineer\":true}"),
                good.replace("\"orgs\":[]", "\"orgs\":[],\"roles\":[1]"),
                good.replace("\"analytics\"", "[]"),
                good.replace("\"analytics\"", "[\"other\"]"),
                good.replace("\"analytics\"", "\"analytics \""),
                good.replace("\"analytics\"", "{\"analytics\":1}"),
                good.replace("https://issuer", "https://issuer/"),
                good.replace("\"https://issuer\"", "[\"https://issuer\"]"),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":\"never\""),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":null"),
                good.replaceFirst("\"exp\":[0-9]+", "\"exp\":-1"),
                good + "x",
                "[]",
                "null",
                "")) {
            String token = rightlySigned("{\"alg\":\"RS256\"}", claims);
            assertThatThrownBy(() -> tokens.verify(token)).as(claims).isInstanceOf(Failure.Unauthorized.class);
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
    void encryptedTokensAreNotTaken() throws Exception {
        JsonWebEncryption encrypted = new JsonWebEncryption();
        encrypted.setAlgorithmHeaderValue("RSA-OAEP-256");
        encrypted.setEncryptionMethodHeaderParameter("A256GCM");
        encrypted.setKey(RSA.getPublic());
        encrypted.setPayload(claimsJson());
        refused(encrypted.getCompactSerialization());
    }

    @Test
    void oversizedTokensAreRefusedUnread() {
        refused(rs256(claims -> claims.claim("pad", "x".repeat(20_000))));
    }

    private static String keyed(String id, KeyPair key, SignatureAlgorithm algorithm) {
        return claims().jws().keyId(id).algorithm(algorithm).sign(key.getPrivate());
    }

    @Test
    void anotherKeyOrAlgorithmIsRefused() {
        refused(signed(claims -> claims, pair("RSA"), SignatureAlgorithm.RS256));
        refused(signed(claims -> claims, RSA, SignatureAlgorithm.RS512));
        refused(signed(claims -> claims, EC, SignatureAlgorithm.ES256));
        refused(claims().jws().algorithm(SignatureAlgorithm.HS256).sign((javax.crypto.SecretKey)
                new javax.crypto.spec.SecretKeySpec(pem(RSA).getBytes(StandardCharsets.UTF_8), "HmacSHA256")));
        String[] parts = rs256(claims -> claims).split("\\.", -1);
        String none = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8));
        refused(none + "." + parts[1] + ".");
        refused(parts[0] + "." + parts[1] + ".");
        refused(parts[0] + "." + parts[1].substring(1) + "." + parts[2]);
        refused("");
        refused("x");
    }

    @Test
    void issuerAudienceAndSubjectMustBeRight() {
        refused(rs256(claims -> claims.issuer("https://other")));
        refused(rs256(claims -> claims.audience("other")));
        refused(rs256(claims -> claims.remove("aud")));
        refused(rs256(claims -> claims.remove("iss")));
        refused(rs256(claims -> claims.remove("sub")));
        refused(rs256(claims -> claims.remove("orgs")));
        refused(rs256(claims -> claims.claim("orgs", List.of("not-an-id"))));
        refused(rs256(claims -> claims.claim("orgs", ORG.toString())));
        refused(rs256(claims -> claims.claim("roles", "engineer")));
    }

    @Test
    void severalAudiencesMayContainOurs() {
        assertThat(withKey(pem(RSA))
                        .verify(rs256(claims -> claims.audience(java.util.Set.of("other", "analytics"))))
                        .subject())
                .isEqualTo("ann");
    }

    @Test
    void withoutRolesTheCallerMayNothing() {
        Caller caller = withKey(pem(RSA))
                .verify(rs256(claims -> claims.claim("orgs", List.of()).remove("roles")));
        assertThat(caller.orgs()).isEmpty();
        assertThat(caller.grants()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {-20, 20})
    void clocksMayDifferByThirtySeconds(long seconds) {
        Instant now = Instant.now();
        String token = seconds < 0
                ? rs256(claims -> claims.issuedAt(now.minusSeconds(100)).expiresAt(now.plusSeconds(seconds)))
                : rs256(claims -> claims.issuedAt(now.plusSeconds(seconds))
                        .claim("nbf", now.plusSeconds(seconds).getEpochSecond()));
        assertThat(withKey(pem(RSA)).verify(token).subject()).isEqualTo("ann");
    }

    @Test
    void beyondThatTokensAreExpiredOrNotYetValid() throws Exception {
        Instant now = Instant.now();
        refused(rs256(claims -> claims.issuedAt(now.minusSeconds(100)).expiresAt(now.minusSeconds(35))));
        refused(rs256(claims -> claims.claim("nbf", now.plusSeconds(40).getEpochSecond())));
        // The builder adds an expiry by itself.
        JsonWebSignature eternal = new JsonWebSignature();
        eternal.setAlgorithmHeaderValue("RS256");
        eternal.setKey(RSA.getPrivate());
        eternal.setPayload("{\"iss\":\"https://issuer\",\"aud\":\"analytics\",\"sub\":\"ann\",\"iat\":"
                + now.getEpochSecond() + "}");
        refused(eternal.getCompactSerialization());
    }

    @Test
    void keysThatCanNotBeReadNameTheSettingOnly() {
        for (String key :
                List.of("/no/such/file", "-----BEGIN PUBLIC KEY-----\nsecret\n-----END PUBLIC KEY-----", "secret\0")) {
            assertThatThrownBy(() -> withKey(key))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("JWT_PUBLIC_KEY")
                    .hasMessageContaining("expected")
                    .message()
                    .doesNotContain("secret");
        }
    }

    @Test
    void missingSettingsAreNamed() {
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.empty(), Optional.of("a"), Optional.of(pem(RSA)), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_ISSUER");
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.of("i"), Optional.empty(), Optional.of(pem(RSA)), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_AUDIENCE");
        assertThatThrownBy(() -> new TokenAuthenticator(
                        new Settings(true, Optional.of("i"), Optional.of("a"), Optional.empty(), Optional.empty()),
                        Clock.systemUTC()))
                .hasMessageContaining("JWT_PUBLIC_KEY");
    }
}

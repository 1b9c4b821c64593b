package io.inference.analytics.access;

import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import java.nio.charset.StandardCharsets;
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
import java.util.function.UnaryOperator;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;

/** Keys, and tokens that are signed with them. */
final class SignedTokens {

    private SignedTokens() {}

    static final KeyPair RSA = pair("RSA");
    static final KeyPair EC = pair("EC");
    static final UUID ORG = UUID.randomUUID();

    record Settings(
            boolean rbacEnabled,
            Optional<String> jwtIssuer,
            Optional<String> jwtAudience,
            Optional<String> jwtPublicKey,
            Optional<String> jwtJwksUrl,
            String rolesClaim,
            String orgsClaim)
            implements AccessConfig {

        Settings(
                boolean rbacEnabled,
                Optional<String> jwtIssuer,
                Optional<String> jwtAudience,
                Optional<String> jwtPublicKey,
                Optional<String> jwtJwksUrl) {
            this(rbacEnabled, jwtIssuer, jwtAudience, jwtPublicKey, jwtJwksUrl, "roles", "orgs");
        }

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

    static KeyPair pair(String algorithm) {
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

    static String pem(KeyPair pair) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    static TokenAuthenticator withKey(String pemOrPath) {
        return new TokenAuthenticator(
                new Settings(
                        true,
                        Optional.of("https://issuer"),
                        Optional.of("analytics"),
                        Optional.of(pemOrPath),
                        Optional.empty()),
                Clock.systemUTC());
    }

    static JwtClaimsBuilder claims() {
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

    static String signed(UnaryOperator<JwtClaimsBuilder> spoil, KeyPair key, SignatureAlgorithm algorithm) {
        return spoil.apply(claims()).jws().algorithm(algorithm).sign(key.getPrivate());
    }

    static String rs256(UnaryOperator<JwtClaimsBuilder> spoil) {
        return signed(spoil, RSA, SignatureAlgorithm.RS256);
    }

    static JsonWebKey jwk(String id, KeyPair pair) throws Exception {
        PublicJsonWebKey key = PublicJsonWebKey.Factory.newPublicJwk(pair.getPublic());
        key.setKeyId(id);
        return key;
    }

    static String claimsJson() {
        long now = Instant.now().getEpochSecond();
        return "{\"iss\":\"https://issuer\",\"aud\":\"analytics\",\"sub\":\"ann\",\"orgs\":[],\"iat\":%d,\"exp\":%d}"
                .formatted(now, now + 300);
    }

    /** Signed with the right key, so that only what is wrong with the header or the claims can be the reason. */
    static String rightlySigned(String header, String payload) throws GeneralSecurityException {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String signed = base64.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(RSA.getPrivate());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64.encodeToString(signature.sign());
    }
}

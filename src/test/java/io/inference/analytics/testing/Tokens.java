package io.inference.analytics.testing;

import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import io.smallrye.jwt.util.KeyUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.ConfigProvider;

/** Tokens that the application under test accepts. */
public final class Tokens {

    public static final String ISSUER = "https://tests.localhost";
    public static final String AUDIENCE = "analytics-tests";

    static final String PRIVATE_KEY = "analytics.test.jwt-private-key";

    private static final Duration LIFE = Duration.ofMinutes(5);

    private static final Map<List<Object>, String> MADE = new ConcurrentHashMap<>();

    private Tokens() {}

    /** A token with one role in the organisations. */
    public static String of(String role, UUID... orgs) {
        return of(List.of(role), orgs);
    }

    /** The same one for a minute: to sign it takes longer than to answer most requests. */
    public static String of(List<String> roles, UUID... orgs) {
        String key = ConfigProvider.getConfig().getValue(PRIVATE_KEY, String.class);
        long minute = Instant.now().getEpochSecond() / 60;
        return MADE.computeIfAbsent(List.of(roles, List.of(orgs), key, minute), made -> sign(claims(roles, orgs)));
    }

    /** The claims of a good token, to be spoilt by tests. */
    public static JwtClaimsBuilder claims(List<String> roles, UUID... orgs) {
        Instant now = Instant.now();
        return Jwt.claims()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject("tester")
                .issuedAt(now)
                .expiresAt(now.plus(LIFE))
                .claim("orgs", Arrays.stream(orgs).map(UUID::toString).toList())
                .claim("roles", roles);
    }

    public static String sign(JwtClaimsBuilder claims) {
        return claims.sign(privateKey());
    }

    /** For tests without Quarkus: signed with the key of the settings that {@link TestBackends} gave. */
    public static String sign(JwtClaimsBuilder claims, Map<String, String> settings) {
        try {
            return claims.sign(KeyUtils.decodePrivateKey(settings.get(PRIVATE_KEY)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A file with the key that signs for the settings that {@link TestBackends} gave. */
    public static Path keyFile(Map<String, String> settings) throws IOException {
        return Files.writeString(Files.createTempFile("private-key", ".pem"), settings.get(PRIVATE_KEY));
    }

    private static PrivateKey privateKey() {
        try {
            return KeyUtils.decodePrivateKey(ConfigProvider.getConfig().getValue(PRIVATE_KEY, String.class));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.settings.TokenKey;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.auth.principal.DefaultJWTParser;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import io.smallrye.jwt.auth.principal.JWTParser;
import io.smallrye.jwt.auth.principal.ParseException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.json.JsonString;
import jakarta.ws.rs.core.HttpHeaders;
import java.net.URI;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.jwt.JsonWebToken;
import org.jboss.logging.Logger;

/**
 * Signed tokens (JWT) in the Authorization header. SmallRye verifies them: RS256 or ES256, issuer,
 * audience, expiry, with 30 s of clock skew. The claims {@code orgs} and {@code roles} say what the
 * caller may do.
 */
@ApplicationScoped
class TokenAuthenticator implements Authenticator {

    private static final Logger LOG = Logger.getLogger(TokenAuthenticator.class);

    private static final String SCHEME = "Bearer ";

    /** The library's own default is 60 s. */
    private static final int CLOCK_SKEW_SECONDS = 30;

    /** Longer ones cannot be ours: a token with 250 organisations has 13 KiB. */
    private static final int TOKEN_CHARACTERS_MAX = 16_384;

    private final Optional<JWTParser> parser;
    private final Optional<KeySet> keys;

    TokenAuthenticator(AccessConfig config, Clock clock) {
        this.parser = config.rbacEnabled() ? Optional.of(new DefaultJWTParser(rules(config))) : Optional.empty();
        this.keys = config.jwtPublicKey().isPresent()
                ? Optional.empty()
                : config.jwtJwksUrl().map(address -> new KeySet(URI.create(address.strip()), clock));
    }

    private static JWTAuthContextInfo rules(AccessConfig config) {
        JWTAuthContextInfo rules = new JWTAuthContextInfo();
        rules.setIssuedBy(config.jwtIssuer()
                .orElseThrow(() -> missing("JWT_ISSUER", "the issuer of the tokens, a URL or a name")));
        rules.setExpectedAudience(Set.of(
                config.jwtAudience().orElseThrow(() -> missing("JWT_AUDIENCE", "the audience that the tokens name"))));
        rules.setClockSkew(CLOCK_SKEW_SECONDS);
        if (config.jwtPublicKey().isPresent()) {
            PublicKey key = publicKey(config.jwtPublicKey().get());
            rules.setPublicVerificationKey(key);
            rules.setSignatureAlgorithm(
                    Set.of(key instanceof RSAPublicKey ? SignatureAlgorithm.RS256 : SignatureAlgorithm.ES256));
        } else {
            if (config.jwtJwksUrl().isEmpty()) {
                throw missing("JWT_PUBLIC_KEY", "a public key in PEM, or the path of one; or JWT_JWKS_URL");
            }
            rules.setSignatureAlgorithm(Set.of(SignatureAlgorithm.RS256, SignatureAlgorithm.ES256));
        }
        return rules;
    }

    private static PublicKey publicKey(String pemOrPath) {
        try {
            return TokenKey.read(pemOrPath);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("JWT_PUBLIC_KEY: " + e.getMessage()
                    + " (expected: a public key in PEM, or the path of a file with one)");
        }
    }

    /**
     * Refuses settings with which no token could be verified.
     *
     * @throws IllegalArgumentException naming the setting
     */
    static void checkSettings(AccessConfig config) {
        if (config.rbacEnabled()) {
            rules(config);
        }
    }

    private static IllegalArgumentException missing(String name, String expected) {
        return new IllegalArgumentException(name + " is not set (expected: " + expected + ")");
    }

    @Override
    public Optional<Caller> authenticate(HttpHeaders headers) {
        String header = headers.getHeaderString(HttpHeaders.AUTHORIZATION);
        if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        return Optional.of(verify(header.substring(SCHEME.length()).strip()));
    }

    /**
     * The caller that a token names.
     *
     * @throws Failure.Unauthorized when the token is not valid
     */
    Caller verify(String token) {
        if (token.length() > TOKEN_CHARACTERS_MAX) {
            throw new Failure.Unauthorized("The token is too long.");
        }
        try {
            if (keys.isEmpty()) {
                return caller(parser.orElseThrow().parse(token));
            }
            PublicKey key = keys.get()
                    .keyOf(token)
                    .orElseThrow(() -> new Failure.Unauthorized("The token is signed with an unknown key."));
            return caller(parser.orElseThrow().verify(token, key));
        } catch (ParseException e) {
            // The reason stays in the log, because it would help to forge tokens.
            LOG.infof("event=token_refused cause=\"%s\"", rootMessage(e));
            throw new Failure.Unauthorized(
                    "The token is not valid: wrong signature, issuer, audience or claims, or expired.");
        }
    }

    private static Caller caller(JsonWebToken token) {
        String subject = token.getSubject();
        if (subject == null || subject.isBlank()) {
            throw new Failure.Unauthorized("The token has no claim sub.");
        }
        if (!token.containsClaim("orgs")) {
            throw new Failure.Unauthorized("The token has no claim orgs (an empty array means none).");
        }
        Set<UUID> orgs = new HashSet<>();
        for (String org : strings(token, "orgs")) {
            orgs.add(Uuids.parse(org)
                    .orElseThrow(() ->
                            new Failure.Unauthorized("The claim orgs of the token has an entry that is not a UUID.")));
        }
        List<Grant> grants = new ArrayList<>();
        for (String role : strings(token, "roles")) {
            Role.grantOf(role).ifPresent(grants::add);
        }
        return new Caller(subject, orgs, grants);
    }

    private static List<String> strings(JsonWebToken token, String claim) {
        Object value = token.getClaim(claim);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof Iterable<?> items)) {
            throw new Failure.Unauthorized("The claim " + claim + " of the token is not an array of strings.");
        }
        List<String> strings = new ArrayList<>();
        for (Object item : items) {
            if (item instanceof JsonString string) {
                strings.add(string.getString());
            } else if (item instanceof String string) {
                strings.add(string);
            } else {
                throw new Failure.Unauthorized("The claim " + claim + " of the token is not an array of strings.");
            }
        }
        return strings;
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return LogText.plain(String.valueOf(root.getMessage()));
    }
}

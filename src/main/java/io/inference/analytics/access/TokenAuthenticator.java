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
 * audience, expiry, with 30 s of clock skew. Two claims say what the caller may do, by default
 * {@code orgs} and {@code roles}.
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
    private final ClaimPath rolesClaim;
    private final ClaimPath orgsClaim;

    TokenAuthenticator(AccessConfig config, Clock clock) {
        this.parser = config.rbacEnabled() ? Optional.of(new DefaultJWTParser(rules(config))) : Optional.empty();
        this.rolesClaim = new ClaimPath(config.rolesClaim());
        this.orgsClaim = new ClaimPath(config.orgsClaim());
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
            return caller(verified(token, keys.get().keysOf(token)));
        } catch (ParseException e) {
            // The reason stays in the log, because it would help to forge tokens.
            LOG.infof("event=token_refused cause=\"%s\"", rootMessage(e));
            throw new Failure.Unauthorized(
                    "The token is not valid: wrong signature, issuer, audience or claims, or expired.");
        }
    }

    /** The token by the first of the keys that it is signed with; the last refusal if there is none. */
    private JsonWebToken verified(String token, List<PublicKey> candidates) throws ParseException {
        ParseException refusal = null;
        for (PublicKey key : candidates) {
            try {
                return parser.orElseThrow().verify(token, key);
            } catch (ParseException e) {
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        throw new Failure.Unauthorized("The token is signed with an unknown key.");
    }

    private Caller caller(JsonWebToken token) {
        String subject = token.getSubject();
        if (subject == null || subject.isBlank()) {
            throw new Failure.Unauthorized("The token has no claim sub.");
        }
        List<String> orgIds = orgsClaim
                .in(token)
                .orElseThrow(() -> new Failure.Unauthorized(
                        "The token has no claim " + orgsClaim + " (an empty array means none)."));
        Set<UUID> orgs = new HashSet<>();
        for (String org : orgIds) {
            orgs.add(Uuids.parse(org)
                    .orElseThrow(() -> new Failure.Unauthorized(
                            "The claim " + orgsClaim + " of the token has an entry that is not a UUID.")));
        }
        Optional<List<String>> roles = rolesClaim.in(token);
        List<Grant> grants = new ArrayList<>();
        for (String role : roles.orElse(List.of())) {
            Role.grantOf(role).ifPresent(grants::add);
        }
        return new Caller(subject, orgs, grants, grants.isEmpty() ? missing(roles.isPresent()) : "");
    }

    private String missing(boolean hasClaim) {
        return hasClaim
                ? "The claim " + rolesClaim + " of the token holds no role or permission of this service."
                : "The token has no claim " + rolesClaim + ".";
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return LogText.plain(String.valueOf(root.getMessage()));
    }
}

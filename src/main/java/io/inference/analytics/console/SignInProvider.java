package io.inference.analytics.console;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The OpenID Connect provider where viewers sign in. The page itself talks to it, as a public client with PKCE: the service holds
 * no secret of it and sees no code.
 */
record SignInProvider(String issuer, String clientId, String scopes, Optional<String> audience) {

    /** Nothing else may stand in a policy, which would end at a semicolon or a blank. */
    private static final Pattern ORIGIN = Pattern.compile("https?://[A-Za-z0-9._\\[\\]:-]+");

    SignInProvider {
        String origin = originOf(issuer);
        if (!ORIGIN.matcher(origin).matches()) {
            throw new IllegalArgumentException(
                    "CONSOLE_OIDC_ISSUER names no web address (expected: https://host/path, or no CONSOLE_OIDC_CLIENT_ID)");
        }
    }

    /**
     * The provider that the settings name; empty where they name none.
     *
     * @param trusted the issuer whose tokens the API accepts
     * @throws IllegalArgumentException when it has a client id but no address
     */
    static Optional<SignInProvider> of(ConsoleConfig config, Optional<String> trusted) {
        return config.oidcClientId()
                .map(clientId -> new SignInProvider(
                        config.oidcIssuer().or(() -> trusted).orElse("").strip(),
                        clientId,
                        config.oidcScopes(),
                        config.oidcAudience()));
    }

    /** Where its discovery document is. */
    String discovery() {
        return issuer.replaceFirst("/$", "") + "/.well-known/openid-configuration";
    }

    /** Scheme, host and port. */
    String origin() {
        return originOf(issuer);
    }

    /**
     * The origin of an address that the provider names for itself; empty unless it has https, or the host of an issuer that has none.
     * A query is allowed, as OpenID Connect allows it, and a fragment is not.
     */
    Optional<String> originBehind(String address) {
        try {
            URI parsed = URI.create(address);
            return Optional.of(originOf(address))
                    .filter(origin -> origin.startsWith("https:") || isOfPlainIssuer(parsed))
                    .filter(origin -> parsed.getRawFragment() == null
                            && ORIGIN.matcher(origin).matches());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private boolean isOfPlainIssuer(URI address) {
        URI own = URI.create(issuer);
        return own.getScheme().equals("http")
                && own.getHost() != null
                && own.getHost().equalsIgnoreCase(address.getHost());
    }

    private static String originOf(String address) {
        URI parsed = URI.create(address);
        return parsed.getScheme() + "://" + parsed.getRawAuthority();
    }

    /** The attributes by which the page learns of it. */
    String attributes() {
        return "data-issuer=\"%s\" data-client-id=\"%s\" data-scopes=\"%s\" data-audience=\"%s\""
                .formatted(escaped(issuer), escaped(clientId), escaped(scopes), escaped(audience.orElse("")));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
    }
}

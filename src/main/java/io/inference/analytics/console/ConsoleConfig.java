package io.inference.analytics.console;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** How viewers of the page may sign in. */
@ConfigMapping(prefix = "analytics.console")
interface ConsoleConfig {

    /** The page's client id at the provider (CONSOLE_OIDC_CLIENT_ID); without it, viewers paste a credential. */
    Optional<String> oidcClientId();

    /** The provider (CONSOLE_OIDC_ISSUER), unless it is the one that the API trusts. */
    Optional<String> oidcIssuer();

    /** The scopes that the page asks for (CONSOLE_OIDC_SCOPES), separated by blanks. */
    String oidcScopes();

    /** What the token is for (CONSOLE_OIDC_AUDIENCE), where the provider wants to be asked. */
    Optional<String> oidcAudience();

    /** The private key of the local stack (CONSOLE_LOCAL_KEY); without it, there is no sign-in by one click. */
    Optional<String> localKey();
}

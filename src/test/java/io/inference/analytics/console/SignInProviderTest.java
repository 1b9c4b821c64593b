package io.inference.analytics.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignInProviderTest {

    private static SignInProvider at(String issuer) {
        return new SignInProvider(issuer, "console", "openid", Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "https://login.example.com/realms/main, https://login.example.com",
        "https://example.eu.auth0.com/, https://example.eu.auth0.com",
        "http://127.0.0.1:8080/idp, http://127.0.0.1:8080",
        "https://[::1]:8443, https://[::1]:8443"
    })
    void thePolicyGetsTheOriginOnly(String issuer, String origin) {
        assertThat(at(issuer).origin()).isEqualTo(origin);
        assertThat(ConsoleRoutes.policy(Optional.of(at(issuer))).split("; "))
                .contains("connect-src 'self' " + origin, "form-action 'self' " + origin)
                .noneMatch(directive -> directive.contains("*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "analytics", "https://user:secret@host/", "https://*/", "ldap://host", "https://a;b"})
    void whatIsNoWebAddressStopsTheStart(String issuer) {
        assertThatThrownBy(() -> at(issuer))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("CONSOLE_OIDC_ISSUER");
    }

    @Test
    void withoutAProviderThePolicyAllowsNoOtherHost() {
        assertThat(ConsoleRoutes.policy(Optional.empty()))
                .contains("connect-src 'self';", "form-action 'none';")
                .doesNotContain("http");
    }

    @Test
    void settingsStayTextInThePage() {
        SignInProvider provider = new SignInProvider(
                "https://login.example.com", "a\"><script>x</script>&", "openid", Optional.of("api"));
        String page = new String(new ConsoleFiles(Optional.of(provider)).page().plain(), StandardCharsets.UTF_8);
        assertThat(page)
                .contains("data-client-id=\"a&quot;>&lt;script>x&lt;/script>&amp;\"", "data-audience=\"api\"")
                .doesNotContain("<script>");
    }
}

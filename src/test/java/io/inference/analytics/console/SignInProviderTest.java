package io.inference.analytics.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
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
        assertThat(policy(at(issuer), Map.of()))
                .contains("connect-src 'self' " + origin, "form-action 'self' " + origin)
                .noneMatch(directive -> directive.contains("*"));
    }

    private static String[] policy(SignInProvider provider, Map<String, Object> discovery) {
        return ConsoleRoutes.policy(ProviderOrigins.originsOf(provider, discovery))
                .split("; ");
    }

    @Test
    void thePolicyAllowsTheHostsOfTheDiscoveryDocumentAndNoOther() {
        Map<String, Object> discovery = Map.of(
                "authorization_endpoint", "https://accounts.example.com/authorize",
                "token_endpoint", "https://tokens.example.net/token?x=1",
                "end_session_endpoint", "https://leave.example.org:8443/end",
                "userinfo_endpoint", "https://users.example.net/");
        assertThat(policy(at("https://login.example.com/realms/main"), discovery))
                .contains(
                        "connect-src 'self' https://login.example.com https://tokens.example.net",
                        "form-action 'self' https://leave.example.org:8443 https://login.example.com");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://tokens.example.net/token",
                "https://tokens.example.net;script-src *",
                "https://*/token",
                "/token",
                "javascript:alert(1)",
                "https://user:secret@tokens.example.net/",
                "https://tokens.example.net/token#part",
                ""
            })
    void anAddressThatIsLessSafeThanTheIssuerIsLeftOut(String address) {
        assertThat(policy(at("https://login.example.com"), Map.of("token_endpoint", address)))
                .contains("connect-src 'self' https://login.example.com");
    }

    @Test
    void anIssuerWithoutHttpsOpensOtherPortsOfItsHostOnly() {
        Map<String, Object> discovery = Map.of(
                "token_endpoint", "http://localhost:8081/token",
                "end_session_endpoint", "http://elsewhere.example.net/end");
        assertThat(policy(at("http://localhost:8080/idp"), discovery))
                .contains(
                        "connect-src 'self' http://localhost:8080 http://localhost:8081",
                        "form-action 'self' http://localhost:8080");
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
        assertThat(ConsoleRoutes.policy(ProviderOrigins.Origins.NONE))
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

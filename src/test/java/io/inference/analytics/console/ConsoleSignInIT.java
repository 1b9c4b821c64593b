package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Request;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.OidcServer;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import io.restassured.response.Response;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Signing in at a real provider, in a real browser, with the packaged service in profile prod. */
class ConsoleSignInIT {

    private static final UUID FIRST = UUID.randomUUID();
    private static final UUID SECOND = UUID.randomUUID();
    private static final String HOUR = "01:00:00";

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    /** The settings of a service that trusts a key instead of the provider. */
    private static Map<String, String> tokens;

    private static OidcServer provider;
    private static ServiceProcess service;
    private static Playwright driver;
    private static Browser browser;
    private static String url;

    /** What the page asked for, the provider's pages included. */
    private final List<Request> requests = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        provider = OidcServer.started();
        Map<String, String> settings = new HashMap<>(BACKENDS.start());
        tokens = Map.copyOf(settings);
        settings.remove("JWT_PUBLIC_KEY");
        settings.putAll(Map.of(
                "JWT_ISSUER",
                provider.issuer(),
                "JWT_JWKS_URL",
                provider.issuer() + "/jwks",
                // What this provider writes where no API is asked for.
                "JWT_AUDIENCE",
                "default",
                "CONSOLE_OIDC_CLIENT_ID",
                "console"));
        service = ServiceProcess.start(settings).awaitReady();
        url = "http://localhost:" + service.httpPort();
        String now = Instant.now().minusSeconds(60).toString();
        new StoredUsage()
                .add(Event.of(FIRST, UUID.randomUUID(), now).client("first-client"))
                .add(Event.of(SECOND, UUID.randomUUID(), now).client("second-client"))
                .store(Sql.at(settings.get("DATABASE_URL")));
        // The picker offers organisations with a name, or with events that the service has ingested itself.
        new Sql(settings.get("DATABASE_URL"))
                .execute("insert into analytics.orgs (org_id, name) values ('" + FIRST + "', 'First')");
        driver = ConsolePage.driver();
        browser = ConsolePage.browser(driver);
    }

    @AfterAll
    static void end() {
        if (browser != null) {
            browser.close();
            driver.close();
        }
        if (service != null) {
            service.close();
        }
        provider.close();
        BACKENDS.stop();
    }

    private ConsolePage open() {
        ConsolePage console = ConsolePage.open(browser, url);
        console.page().onRequest(requests::add);
        return console;
    }

    /** From the page's button to the provider's page, and back with a token for the organisation. */
    private static ConsolePage signIn(ConsolePage console, UUID org) {
        console.at("#provider").click();
        console.at("[name=username]").fill("viewer");
        console.at("[name=claims]").fill("{\"orgs\": [\"" + org + "\"], \"roles\": [\"org-admin\"]}");
        console.at("button").click();
        assertThat(console.at("#sign-out")).isVisible();
        return console.ready();
    }

    private List<Request> tokenRequests(String grant) {
        return requests.stream()
                .filter(request -> request.url().equals(provider.endpoint("token")))
                .filter(request -> String.valueOf(request.postData()).contains("grant_type=" + grant))
                .toList();
    }

    /** The token of the newest request to the API. */
    private String token() {
        return requests.stream()
                .filter(request -> request.url().contains("/analytics/v1/"))
                .map(request -> request.allHeaders().getOrDefault("authorization", ""))
                .reduce("", (before, after) -> after)
                .replace("Bearer ", "");
    }

    @Test
    void aSignInReturnsToTheViewAndLeavesNothingBehind() {
        try (ConsolePage console = open()) {
            console.page().navigate("/console/#reliability?org=" + FIRST + "&range=last-7-days&zone=UTC");
            console.isAccessible();
            console.keep("sign-in-provider");
            signIn(console, FIRST);
            assertThat(console.page())
                    .hasURL(Pattern.compile("/console/#reliability\\?org=" + FIRST + "&range=last-7-days&zone=UTC"));
            assertThat(console.page().evaluate("() => sessionStorage.length + localStorage.length"))
                    .isEqualTo(0);
            assertThat(console.page().evaluate("() => document.cookie")).isEqualTo("");
            String token = token();
            assertThat(token).startsWith("ey");
            assertThat(requests).extracting(Request::url).noneMatch(address -> address.contains(token));
            assertThat(requests)
                    .extracting(Request::url)
                    .filteredOn(address -> address.startsWith(url))
                    .as("the code reaches the service in no address")
                    .noneMatch(address -> address.contains("code="));
            assertThat(tokenRequests("authorization_code")).hasSize(1);
            assertThat(service.log()).doesNotContain(token, "code_verifier");
            console.hasNoComplaints();
        }
    }

    /** The provider's tokens are at another origin than its pages, so that every sign-in here needs both. */
    @Test
    void thePolicyNamesTheOriginsOfTheProviderAndNoOther() {
        String pages = provider.issuer().replace("/analytics", "");
        String endpoints = provider.endpoint("").replace("/analytics/", "");
        assertThat(given().get(url + "/console/")
                        .header("Content-Security-Policy")
                        .split("; "))
                .filteredOn(directive -> directive.contains("http"))
                .hasSize(2)
                .allSatisfy(directive -> assertThat(directive)
                        .matches("(connect-src|form-action) 'self' http://localhost:[0-9]+ http://localhost:[0-9]+")
                        .contains(pages, endpoints));
    }

    @Test
    void anAnswerThatTheTabDidNotAskForIsRefused() {
        try (ConsolePage console = open()) {
            console.page().navigate("/console/#code=stolen&state=forged");
            assertThat(console.at("#sign-in-notice")).containsText("does not belong to a sign-in that this tab began");
            assertThat(console.page()).hasURL(url + "/console/");
            console.at("#provider").click();
            assertThat(console.at("[name=username]")).isVisible();
            console.page().navigate(url + "/console/#code=stolen&state=forged");
            assertThat(console.at("#sign-in-notice")).containsText("does not belong to a sign-in that this tab began");
            assertThat(tokenRequests("authorization_code")).isEmpty();
            console.hasNoComplaints();
        }
    }

    @Test
    void whatTheProviderRefusesIsSaid() {
        try (ConsolePage console = open()) {
            console.page().navigate("/console/");
            console.at("#provider").click();
            assertThat(console.at("[name=username]")).isVisible();
            String state = console.page()
                    .evaluate("() => new URLSearchParams(location.search).get('state')")
                    .toString();
            console.page().navigate(url + "/console/#error=access_denied&state=" + state);
            assertThat(console.at("#sign-in-notice")).containsText("access_denied");
            // Its state worked once.
            console.page().navigate(url + "/console/?again#code=stolen&state=" + state);
            assertThat(console.at("#sign-in-notice")).containsText("does not belong to a sign-in that this tab began");
            assertThat(tokenRequests("authorization_code")).isEmpty();
            console.hasNoComplaints();
        }
    }

    @Test
    void aTokenIsRenewedUntilTheProviderEndsTheSession() {
        try (ConsolePage console = open()) {
            console.page().clock().install();
            console.page().navigate("/console/#overview?zone=UTC");
            signIn(console, FIRST);
            String first = token();
            console.page().clock().fastForward(HOUR);
            // The figures are already there, so only the request shows that the page has begun; a part
            // that comes later may have made it before.
            console.page().waitForCondition(() -> {
                console.at("#refresh").click();
                return !tokenRequests("refresh_token").isEmpty();
            });
            console.ready();
            assertThat(console.at("#figure-invocations data")).hasAttribute("value", "1");
            assertThat(tokenRequests("refresh_token"))
                    .as("one for all requests of the page")
                    .hasSize(1);
            assertThat(token()).isNotEqualTo(first).startsWith("ey");
            provider.restart();
            console.page().clock().fastForward(HOUR);
            console.at("#refresh").click();
            assertThat(console.at("#sign-in-notice")).containsText("no longer accepted");
            assertThat(console.at("#provider")).isVisible();
            assertThat(console.at("table")).hasCount(0);
            console.keep("sign-in-expired");
            console.hasNoComplaints();
        }
    }

    @Test
    void signingOutEndsTheSessionAndTwoOrganisationsNeverMix() {
        try (ConsolePage console = open()) {
            console.page().navigate("/console/#overview?zone=UTC");
            signIn(console, FIRST);
            assertThat(console.at("#org option")).hasCount(1);
            assertThat(console.at("#top-client tbody th")).hasText("first-client");
            String token = token();
            console.at("#sign-out").click();
            console.page().waitForURL(provider.endpoint("endsession") + "**");
            Request ended = requests.stream()
                    .filter(request -> request.url().contains("/endsession"))
                    .findFirst()
                    .orElseThrow();
            assertThat(ended.method()).isEqualTo("POST");
            assertThat(ended.url()).isEqualTo(provider.endpoint("endsession"));
            assertThat(ended.postData()).contains("id_token_hint=ey", "client_id=console", "post_logout_redirect_uri=");
            console.page().navigate(url + "/console/#overview?zone=UTC");
            assertThat(console.at("#sign-in")).isVisible();
            signIn(console, SECOND);
            assertThat(console.at("#org option")).hasCount(1);
            assertThat(console.at("#org")).hasValue(SECOND.toString());
            assertThat(console.at("#top-client tbody th")).hasText("second-client");
            assertThat(token()).isNotEqualTo(token);
            console.page().navigate(url + "/console/#overview?zone=UTC&org=" + FIRST);
            console.page().reload();
            assertThat(console.at("#sign-in")).isVisible();
            signIn(console, SECOND);
            assertThat(console.at("#problem[data-status='403']")).isVisible();
            assertThat(console.at("body")).not().containsText("first-client");
            console.hasNoComplaints();
        }
    }

    private static ServiceProcess localService() throws IOException {
        Map<String, String> settings = new HashMap<>(tokens);
        settings.put("QUARKUS_PROFILE", "local");
        settings.put("CONSOLE_LOCAL_KEY", Tokens.keyFile(settings).toString());
        return ServiceProcess.start(settings).awaitReady();
    }

    @Test
    void oneClickSignsInToTheLocalStack() throws IOException {
        try (ServiceProcess local = localService();
                ConsolePage console = ConsolePage.open(browser, "http://localhost:" + local.httpPort())) {
            console.page().onRequest(requests::add);
            console.page().navigate("/console/#overview?zone=UTC&org=" + FIRST);
            console.isAccessible();
            console.keep("sign-in-local");
            console.at("#local").click();
            assertThat(console.at("#sign-out")).isVisible();
            console.ready();
            assertThat(console.at("#top-client tbody th")).hasText("first-client");
            assertThat(console.page().evaluate("() => sessionStorage.length + localStorage.length"))
                    .isEqualTo(0);
            assertThat(console.page().evaluate("() => document.cookie")).isEqualTo("");
            String token = token();
            assertThat(token).startsWith("ey");
            assertThat(requests).extracting(Request::url).noneMatch(address -> address.contains(token));
            assertThat(local.log()).contains("event=local_sign_in").doesNotContain(token);
            console.hasNoComplaints();
            localTokensAreForItsOwnPageOnly("http://localhost:" + local.httpPort());
        }
    }

    private static void localTokensAreForItsOwnPageOnly(String address) {
        post(address, Map.of()).then().statusCode(200).header("Cache-Control", "no-store");
        post(address, Map.of("Origin", "https://evil.example")).then().statusCode(403);
        post(address, Map.of("Content-Type", "text/plain")).then().statusCode(403);
        post(address, Map.of("Host", "evil.example", "Origin", "http://evil.example"))
                .then()
                .statusCode(404);
        post(address, Map.of("X-Forwarded-For", "192.0.2.1")).then().statusCode(404);
        given().get(address + LocalSignIn.PATH).then().statusCode(405).header("Allow", "POST");
        given().header("Host", "analytics.example.com")
                .get(address + "/console/")
                .then()
                .statusCode(200)
                .body(not(containsString("data-local")));
    }

    /** What the page sends, but for these headers. */
    private static Response post(String address, Map<String, String> headers) {
        Map<String, String> sent = new HashMap<>(Map.of("Origin", address, "Content-Type", "application/json"));
        sent.putAll(headers);
        return given().headers(sent).body("{}").post(address + LocalSignIn.PATH);
    }

    @Test
    void withoutItsKeyThereIsNoLocalSignIn() {
        post(url, Map.of()).then().statusCode(404).contentType("application/problem+json");
        given().get(url + LocalSignIn.PATH).then().statusCode(404);
        try (ConsolePage console = open()) {
            console.page().navigate("/console/");
            assertThat(console.at("#provider")).isVisible();
            assertThat(console.at("#local")).hasCount(0);
        }
    }
}

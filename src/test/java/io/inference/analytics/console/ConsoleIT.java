package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.ColorScheme;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The console in a real browser, against the real service. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsoleIT {

    private static final String MARKUP = "<img src=x onerror=\"document.title='ran'\">";
    private static final Set<DayOfWeek> WEEKEND = EnumSet.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY);
    private static final LocatorAssertions.IsVisibleOptions PATIENTLY =
            new LocatorAssertions.IsVisibleOptions().setTimeout(60_000);

    private static Playwright driver;
    private static Browser browser;

    @Inject
    AgroalDataSource database;

    @TestHTTPResource("/")
    String url;

    private final UUID org = UUID.randomUUID();

    @BeforeAll
    static void startBrowser() {
        driver = ConsolePage.driver();
        browser = ConsolePage.browser(driver);
    }

    @AfterAll
    static void endBrowser() {
        browser.close();
        driver.close();
    }

    private void execute(String sql, Object... values) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    /** There is no broker here: without this, freshness would be unknown. */
    @BeforeEach
    void observeTheBroker() throws SQLException {
        execute(
                """
                insert into analytics.ingestion_observations
                    (replica, transport, reads, observed_at, broker_reachable_at, backlog_events)
                values (?, 'stream', true, now(), now(), 0)
                """,
                "console-" + UUID.randomUUID());
    }

    /** Two months of three models and two clients with a rhythm of the week; the newest calls are one hour old. */
    private Map<String, UUID> storeUsage() throws SQLException {
        UUID large = UUID.randomUUID();
        UUID small = UUID.randomUUID();
        UUID trial = UUID.randomUUID();
        StoredUsage usage = new StoredUsage();
        Instant newest = Instant.now().minus(1, ChronoUnit.HOURS);
        for (int day = 0; day < 60; day++) {
            Instant at = newest.minus(day, ChronoUnit.DAYS);
            boolean weekend = WEEKEND.contains(at.atOffset(ZoneOffset.UTC).getDayOfWeek());
            for (int call = 0; call < (weekend ? 4 : 11) + day % 3; call++) {
                String time = at.minusSeconds(call * 600L).toString();
                usage.add(Event.of(org, large, time)
                        .client("support-chat")
                        .latency(900 + 40L * call + day, 200L + 9L * call)
                        .status(call == 3 && day % 4 == 0 ? "timeout" : "success")
                        .cost("41.2375"));
                usage.add(Event.of(org, small, time)
                        .client(call % 3 == 0 ? "nightly-report" : "support-chat")
                        .latency(310 + 11L * call, 60L)
                        .status(call == 5 && day == 6 ? "error" : "success")
                        .cost("3.1"));
                if (day < 9 && call % 2 == 0) {
                    usage.add(Event.of(org, trial, time).client("").cost(null));
                }
            }
        }
        usage.store(database);
        execute("insert into analytics.orgs (org_id, name) values (?, ?)", org, "Example GmbH");
        execute(
                "insert into analytics.models (model_id, name) values (?, ?), (?, ?)",
                large,
                "large-3",
                small,
                "small-3");
        return Map.of("large", large, "small", small, "trial", trial);
    }

    private JsonPath api(String path, String role) {
        return given().auth()
                .oauth2(Tokens.of(role, org))
                .get(path)
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    private static BigDecimal sum(List<BigDecimal> values) {
        return values.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    @Test
    void figuresAndTablesAddUpToWhatTheApiAnswers() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/", Tokens.of("org-admin", org)).ready();
            assertThat(console.page().url()).contains("/console/#overview?org=" + org);
            String window = console.page()
                    .evaluate("() => performance.getEntriesByType('resource').map(e => e.name)"
                            + ".find(name => name.includes('/usage?') && name.includes('groupBy=model'))")
                    .toString();
            JsonPath answer = api(
                    window.substring(window.indexOf("/analytics/"))
                            .replace("%3A", ":")
                            .replace("%2F", "/"),
                    "org-admin");
            BigDecimal spend = new BigDecimal(answer.getString("totals.cost.amount"));
            BigDecimal invocations = new BigDecimal(answer.getInt("totals.invocations"));
            assertThat(console.figure("spend")).isEqualByComparingTo(spend).isPositive();
            assertThat(console.figure("invocations")).isEqualByComparingTo(invocations);
            assertThat(console.figure("tokens"))
                    .isEqualByComparingTo(new BigDecimal(
                            answer.getLong("totals.inputTokens") + answer.getLong("totals.outputTokens")));
            for (String table : List.of("#top-model", "#top-client")) {
                assertThat(sum(console.column(table, 4))).as(table).isEqualByComparingTo(invocations);
            }
            assertThat(sum(console.column("#top-client", 2))).isEqualByComparingTo(spend);
            assertThat(console.at("#top-client tr[data-key=''] td").first()).hasText("–");
            assertThat(console.at("#figure-spend")).containsText(answer.getInt("totals.unpricedInvocations") + " of ");
            assertThat(console.at("#figure-invocations .change")).isVisible();
            assertThat(console.at("#compared")).containsText("Changes compare");
            assertThat(console.at("#freshness")).containsText("Up to date");
            JsonPath forecast = api("/analytics/v1/orgs/" + org + "/forecast", "org-admin");
            assertThat(new BigDecimal(console.at("#forecast data").getAttribute("value")))
                    .as("what the month is expected to cost; some minutes lie between the two answers")
                    .isCloseTo(new BigDecimal(forecast.getString("expected.amount")), withinPercentage(5));
            assertThat(console.at("#unusual")).isVisible();
            console.keep("overview-light");
            if (System.getProperty("analytics.write-docs") != null) {
                console.page().screenshot(new Page.ScreenshotOptions().setPath(Path.of("docs", "console.png")));
            }
            console.hasNoComplaints();
        }
    }

    @Test
    void namesStayText() throws Exception {
        UUID model = UUID.randomUUID();
        String now = Instant.now().minusSeconds(60).toString();
        new StoredUsage().add(Event.of(org, model, now).client(MARKUP)).store(database);
        execute("insert into analytics.orgs (org_id, name) values (?, ?)", org, MARKUP);
        execute("insert into analytics.models (model_id, name) values (?, ?)", model, MARKUP);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/", Tokens.of("org-admin", org)).ready();
            assertThat(console.at("#top-model tbody th")).hasText(MARKUP);
            assertThat(console.at("#top-client tbody th")).hasText(MARKUP);
            assertThat(console.at("#org option")).hasText(MARKUP);
            console.at("#chart-spend summary").click();
            assertThat(console.at("#chart-spend thead")).containsText(MARKUP);
            console.keep("names");
            console.at("#chart-spend usage-chart").hover();
            assertThat(console.at("img")).hasCount(0);
            assertThat(console.page().title()).isEqualTo("Overview – Inference analytics");
            console.hasNoComplaints();
        }
    }

    @Test
    void aLinkRestoresTheViewAndHoldsNoCredential() throws Exception {
        storeUsage();
        String token = Tokens.of("org-admin", org);
        String link;
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/", token).ready();
            console.choose("range", "last-7-days").choose("split", "client").choose("granularity", "hour");
            console.choose("zone", "America/New_York").goTo("Reliability");
            link = console.page().url();
            assertThat(link).doesNotContain(token);
            assertThat((Integer) console.page().evaluate("() => localStorage.length + sessionStorage.length"))
                    .isZero();
            console.page().goBack();
            assertThat(console.at("nav a[aria-current]")).hasText("Overview");
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(link, token).ready();
            assertThat(console.at("nav a[aria-current]")).hasText("Reliability");
            assertThat(console.at("#range")).hasValue("last-7-days");
            assertThat(console.at("#granularity")).hasValue("hour");
            assertThat(console.at("#zone")).hasValue("America/New_York");
            console.goTo("Overview");
            assertThat(console.at("#split")).hasValue("client");
            console.hasNoComplaints();
        }
    }

    @Test
    void refusalsSayWhatToDoNext() throws Exception {
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/", "not-a-credential");
            assertThat(console.at("#sign-in-notice")).containsText("This credential was not accepted.");
            console.keep("sign-in-refused");
            console.signIn(Tokens.of("finance", org)).ready();
            assertThat(console.at("#empty")).containsText("No usage in this range");
            console.goTo("Reliability");
            assertThat(console.at("#problem[data-status='403']"))
                    .containsText("The permission analytics:reliability:read is missing.");
            assertThat(console.at("#problem")).containsText("Ask your administrator");
            console.keep("forbidden");
            console.at("#sign-out").click();
            assertThat(console.at("#sign-in")).isVisible();
            console.hasNoComplaints();
        }
    }

    @Test
    void anExpiredCredentialLeadsToSignInAndBack() {
        // The service accepts a token for 30 s longer, because clocks differ.
        Instant now = Instant.now();
        String expiring = Tokens.sign(Tokens.claims(List.of("org-admin"), org)
                .issuedAt(now.minusSeconds(300))
                .expiresAt(now.minusSeconds(15)));
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?range=today", expiring).ready();
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                if (console.at("#refresh").isVisible()) {
                    console.at("#refresh").click();
                    console.at("main").waitFor();
                }
                return console.at("#sign-in").isVisible();
            });
            assertThat(console.at("#sign-in-notice")).containsText("Sign in again to continue where you were.");
            console.signIn(Tokens.of("org-admin", org)).ready();
            assertThat(console.at("#range")).hasValue("today");
            console.hasNoComplaints();
        }
    }

    @Test
    void financeAsksForAFileAndGetsIt() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#finance?zone=UTC", Tokens.of("finance", org))
                    .ready();
            console.at("#ask button[type=submit]").click();
            // The service makes a monthly file by itself.
            Locator job = console.at("#exports tr[data-status=succeeded]")
                    .filter(new Locator.FilterOptions().setHasNotText("Monthly file"));
            assertThat(job).isVisible(PATIENTLY);
            assertThat(job).containsText("Equals the raw events");
            JsonPath known = api("/analytics/v1/orgs/" + org + "/exports/" + job.getAttribute("data-key"), "finance");
            assertThat(job.locator("data")).hasAttribute("value", known.getString("totals.cost.amount"));
            Download file = console.download(() -> job.getByText("Download").click());
            assertThat(file.suggestedFilename()).startsWith("usage_Example-GmbH_");
            assertThat(Files.size(file.path())).isEqualTo(known.getLong("sizeBytes"));
            console.keep("finance");
            console.hasNoComplaints();
        }
    }

    @Test
    void everyPageFitsEveryWindow() throws Exception {
        storeUsage();
        for (int width : List.of(360, 1920)) {
            try (ConsolePage console = ConsolePage.open(browser, url, width, ColorScheme.DARK)) {
                console.signIn("/console/", Tokens.of("org-admin", org)).ready();
                for (String page : List.of("Overview", "Reliability", "Finance")) {
                    console.goTo(page);
                    console.keep(page.toLowerCase(java.util.Locale.ROOT) + "-dark-" + width);
                    console.fits();
                }
                console.hasNoComplaints();
            }
        }
    }

    @Test
    void thePageIsNeverCachedAndItsFilesAreForEver() {
        String page = given().redirects()
                .follow(false)
                .get("/")
                .then()
                .statusCode(302)
                .header("Location", "console/")
                .extract()
                .header("Location");
        String body = given().get("/" + page)
                .then()
                .statusCode(200)
                .header("Cache-Control", "no-store")
                .header("Content-Security-Policy", ConsoleRoutes.CONTENT_SECURITY_POLICY)
                .header("X-Frame-Options", "DENY")
                .extract()
                .asString();
        String script = body.replaceAll("(?s).*src=\"([^\"]+)\".*", "$1");
        given().get("/console/" + script)
                .then()
                .statusCode(200)
                .contentType("text/javascript")
                .header("Content-Encoding", "gzip")
                .header("Cache-Control", "public, max-age=31536000, immutable");
        given().post("/console/")
                .then()
                .statusCode(405)
                .header("Allow", "GET, HEAD")
                .body("status", equalTo(405));
    }
}

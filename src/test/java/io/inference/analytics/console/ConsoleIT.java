package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.lessThan;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The console in a real browser, against the real service. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsoleIT extends ConsoleTests {

    /** Where the first hour with a failed call is in the chart of errors, as a part of its width; the bars of that hour and its neighbours. */
    private static final String FAILURE =
            """
            async () => {
                const { getInstanceByDom } = await import(performance.getEntriesByType('resource')
                    .map(file => file.name).find(name => name.includes('/echarts')));
                const element = document.querySelector('#chart-errors usage-chart');
                const chart = getInstanceByDom(element);
                const failed = chart.getOption().series.map(one => one.data.findIndex(value => value > 0)).filter(hour => hour >= 0);
                return [-1, 1].map(step => chart.convertToPixel({ xAxisIndex: 0 }, Math.min(...failed) + step) / element.clientWidth);
            }
            """;

    private static final LocatorAssertions.IsVisibleOptions PATIENTLY =
            new LocatorAssertions.IsVisibleOptions().setTimeout(60_000);

    @Test
    void figuresAndTablesAddUpToWhatTheApiAnswers() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/", Tokens.of("org-admin", org)).ready();
            assertThat(console.page().url()).contains("/console/#overview?org=" + org);
            String window = console.page()
                    .evaluate("() => performance.getEntriesByType('resource').map(e => e.name)"
                            + ".find(name => name.includes('/usage?') && name.includes('fill=zero'))")
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
            for (String table : List.of("#top-model", "#top-client", "#top-user")) {
                assertThat(sum(console.column(table, 5))).as(table).isEqualByComparingTo(invocations);
            }
            assertThat(sum(console.column("#top-client", 2))).isEqualByComparingTo(spend);
            assertThat(sum(console.column("#top-user", 2))).isEqualByComparingTo(spend);
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
    void usersAreRankedWithShareAndChangeAndStacked() throws Exception {
        Map<String, UUID> stored = storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC&range=last-30-days&split=user", Tokens.of("org-admin", org))
                    .ready();
            JsonPath users = api(
                    "/analytics/v1/orgs/" + org + "/breakdown?by=user&period=last-30-days&timeZone=UTC", "org-admin");
            Locator first = console.at("#top-user tbody tr").first();
            assertThat(first).hasAttribute("data-key", stored.get("ann").toString());
            assertThat(first.locator("th")).hasText("Ann Archer");
            assertThat(first.locator("data").first()).hasAttribute("value", users.getString("rows[0].cost.amount"));
            assertThat(first.locator("td:nth-child(4)")).hasText(Pattern.compile("[▲▼■] (No change|[+-−]?[0-9.,]+%)"));
            assertThat(console.at("#top-user tr[data-key='" + stored.get("ben") + "'] th"))
                    .hasText(stored.get("ben").toString());
            assertThat(console.at("#top-user")).containsText("A user without a name is shown by id.");
            console.at("#chart-invocations summary").click();
            assertThat(console.at("#chart-invocations thead th")).hasText(new String[] {
                "From", "Ann Archer", stored.get("ben").toString(), "All others", "Total"
            });
            console.keep("overview-by-user");
            execute("insert into analytics.user_privacy (org_id, mode, updated_at) values (?, 'off', now())", org);
            console.at("#refresh").click();
            console.ready();
            assertThat(console.at("#top-user .refused")).hasText("This organisation shows no figures by user.");
            assertThat(console.at("#chart-spend")).containsText("Split by model, because");
            assertThat(console.at("#top-user table")).hasCount(0);
            assertThat(console.at("#top-client table")).isVisible();
            console.keep("overview-users-off");
            console.hasNoComplaints();
        }
    }

    @Test
    void aDragOverAChartSummarisesTheIncident() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(
                    "/console/#reliability?range=last-7-days&granularity=hour&zone=UTC", Tokens.of("engineer", org));
            console.ready().keep("reliability");
            List<?> failure = (List<?>) console.page().evaluate(FAILURE);
            console.drag(
                    "#chart-errors usage-chart",
                    ((Number) failure.get(0)).doubleValue(),
                    ((Number) failure.get(1)).doubleValue());
            assertThat(console.at("#incident-summary")).hasValue(Pattern.compile("Example GmbH"));
            assertThat(console.at("#incident-summary")).hasValue(Pattern.compile("Failed calls: [1-9]"));
            assertThat(console.at("#incident-from")).hasValue(Pattern.compile("T[0-9]{2}:00$"));
            assertThat(console.page()).hasURL(Pattern.compile("&incident=20"));
            if (System.getProperty("analytics.write-docs") != null) {
                console.page()
                        .screenshot(new Page.ScreenshotOptions()
                                .setPath(Path.of("docs", "console-incident.png"))
                                .setFullPage(true));
            }
            Download events = console.download(() -> console.at("#incident-csv").click());
            assertThat(Files.readString(events.path())).startsWith("event_id,");
            assertThat(console.at("#incident [role=status]")).hasText("The file is complete.");
            console.at("#incident-to").fill("2020-01-01T00:00");
            console.at("#incident button[type=submit]").click();
            assertThat(console.at("#incident")).containsText("Enter when it began and when it ended.");
            console.keep("incident");
            console.isAccessible();
            console.hasNoComplaints();
        }
    }

    @Test
    void administratorsSeeWhoDidWhatAndSetKeysAndNames() throws Exception {
        UUID trial = storeUsage().get("trial");
        String models = "/analytics/v1/orgs/" + org + "/models";
        given().auth()
                .oauth2(Tokens.of("engineer", UUID.randomUUID()))
                .get(models)
                .then()
                .statusCode(403);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#administration?org=" + org, Tokens.of("system-admin", org))
                    .ready();
            console.at("#names-id").fill(trial.toString());
            console.at("#names-name").fill("trial-1");
            console.at("#names button[type=submit]").click();
            assertThat(console.at("#names [role=status]")).hasText("The name is now trial-1.");
            console.at("#key-name").fill("nightly-" + org);
            console.at("#key button[type=submit]").click();
            String key = console.at("#created-key code").textContent();
            assertThat(console.page().url()).doesNotContain(key);
            given().header("X-API-Key", key)
                    .get(models)
                    .then()
                    .statusCode(200)
                    .body("models.find { it.modelId == '" + trial + "' }.name", equalTo("trial-1"));
            console.at("#created-key button").click();
            assertThat(console.at("#created-key")).hasCount(0);
            Locator row = console.at("#keys tbody tr").filter(new Locator.FilterOptions().setHasText("nightly-" + org));
            row.locator("button").click();
            row.locator("button").click();
            assertThat(row).hasAttribute("data-status", "revoked");
            console.at("#audit-outcome").selectOption("denied");
            console.at("#audit button[type=submit]").click();
            assertThat(console.at("#audit tbody tr")).hasCount(1);
            assertThat(console.at("#audit tbody tr")).containsText("GET " + models);
            console.at("#export-format").selectOption("focus");
            console.at("#export-zone").fill("Europe/Nowhere");
            console.at("#export-settings button[type=submit]").click();
            assertThat(console.at("#export-settings [role=alert]")).containsText("timeZone");
            console.at("#export-zone").fill("Europe/Berlin");
            console.at("#export-settings button[type=submit]").click();
            assertThat(console.at("#export-settings [role=status]")).containsText("Saved.");
            JsonPath monthly = api("/analytics/v1/orgs/" + org + "/export-settings", "finance");
            assertThat(monthly.getString("format")).isEqualTo("focus");
            assertThat(monthly.getString("timeZone")).isEqualTo("Europe/Berlin");
            // Another person changes a field meanwhile; what this one has typed stays.
            console.at("#export-grace").fill("3");
            given().auth()
                    .oauth2(Tokens.of("finance", org))
                    .contentType("application/json")
                    .body(Map.of("format", "focus", "timeZone", "Europe/Paris"))
                    .put("/analytics/v1/orgs/" + org + "/export-settings")
                    .then()
                    .statusCode(lessThan(300));
            console.goTo("Finance").goTo("Administration");
            assertThat(console.at("#export-zone")).hasValue("Europe/Paris");
            assertThat(console.at("#export-grace")).hasValue("3");
            console.keep("administration");
            console.hasNoComplaints();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#administration", Tokens.of("engineer", org))
                    .ready();
            assertThat(console.at("#audit [data-status='403']")).containsText("analytics:audit:read is missing");
            assertThat(console.at("#keys [data-status='403']")).containsText("analytics:api-keys:write is missing");
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
            console.at("#chart-errors summary").click();
            assertThat(console.at("#chart-errors table")).isVisible();
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
            assertThat(console.at("#chart-errors table")).isVisible();
            assertThat(console.at("#chart-latency table")).hasCount(0);
            console.at("#chart-errors summary").click();
            assertThat(console.at("#chart-errors table")).hasCount(0);
            console.goTo("Overview");
            assertThat(console.at("#split")).hasValue("client");
            console.hasNoComplaints();
        }
    }

    /** What a viewer has opened stands in the link, too. */
    @Test
    void aLinkOpensAllRowsThePriceBookAndTheFiltersOfTheAuditLog() throws Exception {
        storeUsage();
        StoredUsage further = new StoredUsage();
        for (int i = 0; i < 12; i++) {
            further.add(Event.of(
                            org,
                            UUID.randomUUID(),
                            Instant.now().minusSeconds(7_200).toString())
                    .client("client-" + i));
        }
        further.store(database);
        String token = Tokens.of("system-admin", org);
        String rows;
        String book;
        String entries;
        int all;
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC&org=" + org, token).ready();
            int few = console.at("#top-client tbody tr").count();
            console.at("#top-client button").click();
            assertThat(console.at("#top-client tbody tr")).not().hasCount(few);
            all = console.at("#top-client tbody tr").count();
            rows = console.page().url();
            console.goTo("Spend").at("#prices summary").click();
            assertThat(console.at("#price")).isVisible();
            book = console.page().url();
            console.goTo("Administration");
            console.at("#audit-action").fill("usage");
            console.at("#audit-outcome").selectOption("allowed");
            console.at("#audit button[type=submit]").click();
            assertThat(console.page()).hasURL(Pattern.compile("&outcome=allowed"));
            entries = console.page().url();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(rows, token).ready();
            assertThat(console.at("#top-client tbody tr")).hasCount(all);
            console.hasNoComplaints();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(book, token).ready();
            assertThat(console.at("#price")).isVisible();
            console.hasNoComplaints();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(entries, token).ready();
            assertThat(console.at("#audit-action")).hasValue("usage");
            assertThat(console.at("#audit-outcome")).hasValue("allowed");
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
                // A click that waits for the button would miss the moment in which it goes.
                console.page().evaluate("() => document.getElementById('refresh')?.click()");
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
                .header("Content-Security-Policy", ConsoleRoutes.policy(ProviderOrigins.Origins.NONE))
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

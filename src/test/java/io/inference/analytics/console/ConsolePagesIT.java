package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.ColorScheme;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every page in both themes, from a telephone to a large screen, and for viewers who use no mouse or speak another language. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsolePagesIT extends ConsoleTests {

    private static final String MARKUP = "<img src=x onerror=\"document.title='ran'\">";

    private static final List<Integer> WIDTHS = List.of(1920, 1280, 360);
    private static final List<ColorScheme> THEMES = List.of(ColorScheme.LIGHT, ColorScheme.DARK);

    /** What each page begins with: an address below the organisation's, and what is opened there. */
    private static final Map<String, String> PAGES = Map.of(
            "overview", "",
            "reliability", "&range=last-7-days",
            "spend", "",
            "finance", "",
            "company", "&range=own&from=2025-10-14&to=2025-10-15",
            "administration", "");

    private void storeSomethingForEveryCard() throws Exception {
        Map<String, UUID> stored = storeUsage();
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.offerF1();
            lab.anthropic(ProviderLab.OCT_15);
        }
        String orgs = "/analytics/v1/orgs/" + org;
        ask().body("{\"amount\": 300, \"period\": \"month\"}")
                .put(orgs + "/budgets/all-models")
                .then()
                .statusCode(201);
        ask().body("{\"modelId\": \"%s\", \"validFrom\": \"2025-10-01\", \"inputUsd\": 3, \"outputUsd\": 15}"
                        .formatted(stored.get("large")))
                .header("Idempotency-Key", UUID.randomUUID().toString())
                .post("/analytics/v1/prices")
                .then()
                .statusCode(201);
    }

    private RequestSpecification ask() {
        return given().auth().oauth2(Tokens.of("system-admin", org)).contentType("application/json");
    }

    @Test
    void everyPageFitsEveryWindowInBothThemesAndHasNoBarrier() throws Exception {
        storeSomethingForEveryCard();
        for (int width : WIDTHS) {
            for (ColorScheme theme : THEMES) {
                try (ConsolePage console = ConsolePage.open(browser, url, width, theme)) {
                    String suffix = "-" + theme.name().toLowerCase(Locale.ROOT) + "-" + width;
                    console.page().navigate("/console/");
                    check(console, "sign-in" + suffix);
                    console.signIn(Tokens.of("system-admin", org)).ready();
                    for (Map.Entry<String, String> page : PAGES.entrySet()) {
                        console.page()
                                .navigate("/console/#" + page.getKey() + "?zone=UTC&org=" + org + page.getValue());
                        assertThat(console.at("nav a[aria-current]"))
                                .hasAttribute("href", Pattern.compile("^#" + page.getKey() + "\\?"));
                        console.ready();
                        open(console, page.getKey());
                        check(console, page.getKey() + suffix);
                    }
                    console.hasNoComplaints();
                }
            }
        }
    }

    /** Opens what stands closed. */
    private static void open(ConsolePage console, String page) {
        switch (page) {
            case "spend" -> {
                console.at("#prices summary").click();
                assertThat(console.at("#prices tbody tr").first()).isVisible();
            }
            case "company" -> assertThat(console.at("#unmapped [role=status]")).hasCount(0);
            case "reliability" -> console.at("#chart-latency summary").click();
            default -> {}
        }
    }

    private static void check(ConsolePage console, String name) {
        console.keep("page-" + name);
        console.fits();
        console.isAccessible();
    }

    /** Organisation, model, user, client, error code, metadata, key, reason and note: on every page, table, picker and summary. */
    @Test
    void namesStayTextOnEveryPage() throws Exception {
        UUID model = UUID.randomUUID();
        UUID user = UUID.randomUUID();
        Instant at = Instant.now().minusSeconds(600);
        StoredUsage usage = new StoredUsage();
        for (String status : List.of("success", "error")) {
            usage.add(Event.of(org, model, at.toString())
                    .client(MARKUP)
                    .user(user)
                    .status(status)
                    .errorCode(status.equals("error") ? MARKUP : null)
                    .metadata("{\"team\": \"<img src=x>\"}"));
        }
        usage.store(database);
        execute("insert into analytics.orgs (org_id, name) values (?, ?)", org, MARKUP);
        execute("insert into analytics.models (model_id, name) values (?, ?)", model, MARKUP);
        execute("insert into analytics.users (user_id, name, updated_at) values (?, ?, now())", user, MARKUP);
        String from = at.minusSeconds(3600).truncatedTo(ChronoUnit.MINUTES).toString();
        String to = at.plusSeconds(300).truncatedTo(ChronoUnit.MINUTES).toString();
        ask().body(Map.of("modelId", model, "validFrom", "2025-01-01", "inputUsd", 1, "outputUsd", 1, "reason", MARKUP))
                .post("/analytics/v1/prices")
                .then()
                .statusCode(201);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC&org=" + org, Tokens.of("system-admin", org))
                    .ready();
            assertThat(console.at("#top-model tbody th")).hasText(MARKUP);
            assertThat(console.at("#top-client tbody th")).hasText(MARKUP);
            assertThat(console.at("#top-user tbody th")).hasText(MARKUP);
            assertThat(console.at("#org option[value='" + org + "']")).hasText(MARKUP);
            console.at("#models summary").click();
            assertThat(console.at("#models fieldset")).containsText(MARKUP);
            console.at("#chart-spend summary").click();
            assertThat(console.at("#chart-spend thead")).containsText(MARKUP);
            console.at("#chart-spend usage-chart").hover();
            staysText(console);
            for (String page : PAGES.keySet()) {
                console.page()
                        .navigate("/console/#" + page + "?zone=UTC&range=today&org=" + org + "&client="
                                + URLEncoder.encode(MARKUP, StandardCharsets.UTF_8) + "&incident="
                                + from.replace(":00Z", "Z") + "/" + to.replace(":00Z", "Z"));
                assertThat(console.at("nav a[aria-current]"))
                        .hasAttribute("href", Pattern.compile("^#" + page + "\\?"));
                console.ready();
                open(console, page);
                if (page.equals("reliability")) {
                    assertThat(console.at("#incident-summary")).hasValue(Pattern.compile("onerror"));
                }
                staysText(console);
            }
            console.keep("names");
            console.hasNoComplaints();
        }
    }

    private static void staysText(ConsolePage console) {
        assertThat(console.at("img")).hasCount(0);
        assertThat(console.page().title()).endsWith("Inference analytics");
    }

    @Test
    void numbersAndDatesFollowTheViewersLanguage() throws Exception {
        storeUsage();
        Map<String, String> spends = Map.of(
                "de-DE", "^[0-9.]+,[0-9]{2}\\s\\$$", "ar-EG", "[\u0660-\u0669]+", "en-GB", "^US\\$[0-9,]+\\.[0-9]{2}$");
        for (Map.Entry<String, String> spend : spends.entrySet()) {
            try (ConsolePage console = ConsolePage.open(browser, url, spend.getKey())) {
                console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                        .ready();
                assertThat(console.at("#figure-spend .value")).hasText(Pattern.compile(spend.getValue()));
                console.keepInBothThemes("overview-" + spend.getKey().toLowerCase(Locale.ROOT));
                console.hasNoComplaints();
            }
        }
    }

    /** From the sign-in to a table and a filter, without a mouse. */
    @Test
    void aKeyboardIsEnough() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.page().navigate("/console/#overview?zone=UTC");
            assertThat(console.at("#credential")).isFocused();
            console.page().keyboard().insertText(Tokens.of("org-admin", org));
            press(console, "Enter");
            console.ready();
            press(console, "Tab");
            assertThat(console.at(".skip")).isFocused();
            press(console, "Enter");
            assertThat(console.at("#main")).isFocused();
            tabTo(console, "#chart-spend summary");
            press(console, "Enter");
            assertThat(console.at("#chart-spend tbody tr").first()).isVisible();
            console.page().reload();
            console.signIn(Tokens.of("org-admin", org)).ready();
            tabTo(console, "#models summary");
            press(console, "Enter");
            tabTo(console, "#models label:has-text('small-3') input");
            press(console, "Space");
            assertThat(console.at("#models summary")).hasText("small-3");
            press(console, "Escape");
            assertThat(console.at("#models summary")).isFocused();
            assertThat(console.at("#models fieldset")).isHidden();
            console.ready();
            tabTo(console, "#sign-out", "Shift+Tab");
            press(console, "Enter");
            assertThat(console.at("#sign-in")).isVisible();
            console.hasNoComplaints();
        }
    }

    private static void press(ConsolePage console, String key) {
        console.page().keyboard().press(key);
    }

    private static void tabTo(ConsolePage console, String selector) {
        tabTo(console, selector, "Tab");
    }

    private static void tabTo(ConsolePage console, String selector, String key) {
        for (int i = 0; i < 60; i++) {
            if ((Boolean) console.at(selector).evaluate("element => element === document.activeElement")) {
                return;
            }
            press(console, key);
        }
        assertThat(console.at(selector)).isFocused();
    }

    @Test
    void chosenModelsAndClientsHoldForEveryFigureAndInTheLink() throws Exception {
        UUID small = storeUsage().get("small");
        String token = Tokens.of("org-admin", org);
        String link;
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC&range=last-30-days", token)
                    .ready();
            console.at("#models summary").click();
            console.at("#models label").getByText("small-3").click();
            assertThat(console.at("#models summary")).hasText("small-3");
            console.ready();
            console.at("#clients summary").click();
            console.at("#clients label").getByText("nightly-report").click();
            assertThat(console.at("#clients summary")).hasText("nightly-report");
            console.ready();
            isOf(console, small);
            link = console.page().url();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(link, token).ready();
            isOf(console, small);
            console.goTo("Reliability");
            assertThat(console.at("#clients summary")).hasText("nightly-report");
            assertThat(console.figure("invocations"))
                    .isEqualByComparingTo(
                            api(filtered("reliability", small), "org-admin").getString("totals.invocations"));
            console.keepInBothThemes("reliability-filtered");
            console.hasNoComplaints();
        }
    }

    private String filtered(String what, UUID model) {
        return "/analytics/v1/orgs/" + org + "/" + what
                + "?period=last-30-days&timeZone=UTC&clientId=nightly-report&modelId=" + model;
    }

    private void isOf(ConsolePage console, UUID model) {
        var totals = api(filtered("usage", model) + "&granularity=total", "org-admin");
        assertThat(console.figure("invocations")).isEqualByComparingTo(totals.getString("totals.invocations"));
        assertThat(console.figure("spend")).isEqualByComparingTo(totals.getString("totals.cost.amount"));
        assertThat(console.at("#top-model tbody th")).hasText("small-3");
        assertThat(console.at("#top-client tbody th")).hasText("nightly-report");
        assertThat(sum(console.column("#top-user", 2))).isEqualByComparingTo(console.figure("spend"));
    }
}

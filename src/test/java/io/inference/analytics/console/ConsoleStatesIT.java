package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ReducedMotion;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the page shows while there are no figures, or none to rely on. Each state is kept as a picture in both themes, and judged by axe-core. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsoleStatesIT extends ConsoleTests {

    private static final Pattern USAGE = Pattern.compile(".*/usage\\?.*");
    private static final Pattern CLIENTS = Pattern.compile(".*/clients");

    /** Signs in and refreshes the page while its questions about usage get another answer. */
    private ConsolePage refreshed(Consumer<Route> answer) throws Exception {
        ConsolePage console = ConsolePage.open(browser, url);
        console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                .ready();
        console.page().route(USAGE, answer);
        console.at("#refresh").click();
        return console;
    }

    private void shows(ConsolePage console, String name, String... words) {
        try (console) {
            for (String word : words) {
                assertThat(console.at("#main")).containsText(word);
            }
            console.keepInBothThemes("state-" + name);
        }
    }

    @Test
    void loadingIsSaid() throws Exception {
        storeUsage();
        AtomicReference<Route> held = new AtomicReference<>();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.page().route(USAGE, route -> {
                if (!held.compareAndSet(null, route)) {
                    route.resume();
                }
            });
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org));
            assertThat(console.at("main [role=status]")).hasText("Loading…");
            assertThat(console.at("main")).hasAttribute("aria-busy", "true");
            console.keepInBothThemes("state-loading");
            held.get().resume();
            console.ready();
            console.hasNoComplaints();
        }
    }

    @Test
    void nothingUsedIsSaid() throws Exception {
        execute("insert into analytics.orgs (org_id, name) values (?, ?)", org, "Example GmbH");
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            assertThat(console.at("#empty")).containsText("Choose a wider range");
            console.keepInBothThemes("state-empty");
            console.goTo("Finance");
            assertThat(console.at("#empty")).containsText("Ask for a file above");
            console.keepInBothThemes("state-empty-finance");
            console.hasNoComplaints();
        }
    }

    @Test
    void whatCannotBeReachedIsSaidAndTriedAgain() throws Exception {
        storeUsage();
        ConsolePage console = refreshed(Route::abort);
        assertThat(console.at("#problem")).hasAttribute("data-status", "0");
        console.page().unroute(USAGE);
        console.at("#problem button").click();
        console.ready();
        assertThat(console.at("#figure-spend")).isVisible();
        console.page().route(USAGE, Route::abort);
        console.at("#refresh").click();
        shows(console, "unreachable", "The service cannot be reached", "Check your connection, then try again.");
    }

    @Test
    void anAnswerThatBreaksOffIsNoFigure() throws Exception {
        storeUsage();
        ConsolePage console = refreshed(route -> route.fulfill(new Route.FulfillOptions()
                .setStatus(200)
                .setContentType("application/json")
                .setBody("{\"totals\": {\"invoc")));
        assertThat(console.at("#figure-spend")).hasCount(0);
        shows(console, "broken-off", "The service cannot be reached");
    }

    @Test
    void aFaultOfTheServiceNamesItsTrace() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            execute("alter table analytics.budgets rename to budgets_away");
            try {
                console.page().reload();
                console.signIn(Tokens.of("org-admin", org)).ready();
                assertThat(console.at("#problem")).hasAttribute("data-status", "500");
                assertThat(console.at("#problem")).containsText("give the trace id to the operators");
                assertThat(console.at("#problem .note"))
                        .hasText(Pattern.compile("Trace id for the operators: [0-9a-f]{32}"));
                console.keepInBothThemes("state-error");
            } finally {
                execute("alter table analytics.budgets_away rename to budgets");
            }
        }
    }

    @Test
    void forbiddenAndExpiredSayWhatToDo() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#company", Tokens.of("engineer", org)).ready();
            assertThat(console.at("#problem")).containsText("Ask your administrator for a role that includes this");
            console.keepInBothThemes("state-forbidden");
            console.page()
                    .route(
                            Pattern.compile(".*/analytics/v1/.*"),
                            route -> route.resume(
                                    new Route.ResumeOptions().setHeaders(Map.of("authorization", "Bearer a.b.c"))));
            console.at("#problem button").click();
            assertThat(console.at("#sign-in-notice")).containsText("no longer accepted");
            console.keepInBothThemes("state-expired");
            console.hasNoComplaints();
        }
    }

    @Test
    void figuresAreShownWithoutTheListsOfModelsAndClients() throws Exception {
        storeUsage();
        Pattern lists = Pattern.compile(".*/(models|clients)");
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.page().route(lists, answer(503, "{\"title\": \"Service Unavailable\"}"));
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            assertThat(console.at("#figure-spend")).isVisible();
            assertThat(console.at("#clients summary")).hasText("All clients (list not available)");
            console.at("#models summary").click();
            assertThat(console.at("#models")).containsText("Refresh to ask for it again.");
            console.keepInBothThemes("state-no-lists");
            console.goTo("Reliability");
            assertThat(console.at("#figure-errorRate")).isVisible();
            console.page().unroute(lists);
            console.at("#refresh").click();
            assertThat(console.at("#clients summary")).hasText("All clients");
            console.at("#clients summary").click();
            assertThat(console.at("#clients fieldset")).containsText("nightly-report");
        }
    }

    private static Consumer<Route> answer(int status, String body) {
        return route -> route.fulfill(new Route.FulfillOptions()
                .setStatus(status)
                .setContentType("application/json")
                .setBody(body));
    }

    @Test
    void aLongListOfClientsIsSearchedAndSaysThatItIsCut() throws Exception {
        storeUsage();
        String clients = IntStream.range(0, 10_000)
                .mapToObj("{\"clientId\": \"client-%d\"}"::formatted)
                .collect(Collectors.joining(","));
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.page().route(CLIENTS, answer(200, "{\"clients\": [" + clients + "], \"nextCursor\": \"next\"}"));
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            assertThat(console.at("#clients label")).hasCount(0);
            console.at("#clients summary").click();
            assertThat(console.at("#clients label")).hasCount(200);
            assertThat(console.at("#clients")).containsText("200 of 10,001 are shown.");
            assertThat(console.at("#clients")).containsText("only the first 10,000 can be chosen.");
            console.keepInBothThemes("state-many-clients");
            console.at("#clients input[type=search]").fill("CLIENT-9998");
            assertThat(console.at("#clients label")).hasCount(1);
            console.at("#clients label input").check();
            assertThat(console.at("#clients summary")).hasText("client-9998");
            console.ready();
            console.at("#clients input[type=search]").fill("");
            assertThat(console.at("#clients label")).hasCount(201);
            console.at("#clients summary").click();
            assertThat(console.at("#clients label")).hasCount(0);
            console.hasNoComplaints();
        }
    }

    @Test
    void theNextViewerOfATabDoesNotSeeTheListsOfTheOneBefore() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            console.at("#clients summary").click();
            assertThat(console.at("#clients fieldset")).containsText("nightly-report");
            console.at("#sign-out").click();
            console.page().route(CLIENTS, answer(403, "{\"title\": \"Forbidden\"}"));
            console.signIn(Tokens.of("org-admin", org)).ready();
            console.at("#clients summary").click();
            assertThat(console.at("#clients")).containsText("The list is not available");
            assertThat(console.at("#clients fieldset")).not().containsText("nightly-report");
        }
    }

    @Test
    void theNextViewerOfATabDoesNotSeeWhomTheOneBeforeLookedFor() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#administration?zone=UTC", Tokens.of("system-admin", org))
                    .ready();
            search(console);
            console.goTo("Overview").goTo("Administration");
            search(console);
            console.at("#sign-out").click();
            assertThat(console.at("#sign-in")).isVisible();
            assertForgotten(console);
            console.signIn(Tokens.of("system-admin", org)).ready();
            assertThat(console.at("#audit-actor")).hasValue("");
            console.page().goBack();
            console.page().goBack();
            assertThat(console.at("nav a[aria-current]")).hasText("Overview");
            console.page().goBack();
            assertThat(console.at("#audit-actor")).hasValue("");
            assertForgotten(console);
            search(console);
            console.goTo("Overview").page().goBack();
            assertThat(console.at("#audit-actor")).hasValue("alice");
        }
    }

    private static void search(ConsolePage console) {
        console.at("#audit-actor").fill("alice");
        console.at("#audit button[type=submit]").click();
        console.page().waitForURL(Pattern.compile("actor=alice"));
        console.ready();
    }

    private static void assertForgotten(ConsolePage console) {
        assertThat(console.page()).not().hasURL(Pattern.compile("alice"));
    }

    @Test
    void figuresThatLagSaySo() throws Exception {
        storeUsage();
        for (Map.Entry<String, String> status : Map.of(
                        "delayed", "still on their way",
                        "stale", "Recent figures are too low",
                        "unknown", "cannot reach its message broker")
                .entrySet()) {
            ConsolePage console = refreshed(route -> lagging(route, status.getKey()));
            assertThat(console.at("#freshness")).hasClass("freshness " + status.getKey());
            shows(console, status.getKey(), status.getValue());
        }
    }

    /** The service's own answer, but for the age of its figures. */
    private static void lagging(Route route, String status) {
        APIResponse answer = route.fetch();
        JsonObject body = JsonParser.parseString(answer.text()).getAsJsonObject();
        body.getAsJsonObject("freshness").addProperty("status", status);
        body.getAsJsonObject("freshness").addProperty("lagSeconds", 720);
        route.fulfill(new Route.FulfillOptions().setResponse(answer).setBody(body.toString()));
    }

    /** Nothing on the page moves, whatever the viewer prefers. */
    @Test
    void nothingMoves() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#overview?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            assertThat(console.at("usage-chart[data-drawn]")).hasCount(3);
            assertThat((Integer) console.page().evaluate("() => document.getAnimations().length"))
                    .isZero();
            byte[] before = console.page().screenshot();
            console.page().emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.REDUCE));
            assertThat(console.page().screenshot()).isEqualTo(before);
        }
    }
}

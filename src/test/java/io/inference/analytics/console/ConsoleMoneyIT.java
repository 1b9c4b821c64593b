package io.inference.analytics.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Budgets and bills in the console, in a real browser against the real service. */
@QuarkusTest
@WithBackends(s3 = true)
class ConsoleMoneyIT extends ConsoleTests {

    @Test
    void budgetsAreSetChangedAndDeleted() throws Exception {
        Map<String, UUID> stored = storeUsage();
        String budgets = "/analytics/v1/orgs/" + org + "/budgets";
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC", Tokens.of("org-admin", org))
                    .ready();
            assertThat(console.at("#budgets")).containsText("There is no budget yet.");
            console.at("#budget-name").fill("small-month");
            console.at("#budget-amount").fill("0.25");
            console.at("#budget-model").selectOption(stored.get("small").toString());
            console.at("#budget button[type=submit]").click();
            assertThat(console.at("#budget-done")).hasText("small-month is saved.");
            Locator row = console.at("#budgets tr[data-key=small-month]");
            assertThat(row).containsText("only small-3");
            assertThat(row.locator("data").first())
                    .hasAttribute(
                            "value", api(budgets + "/small-month", "org-admin").getString("state.spent"));
            console.at("#budget-name").fill("small-month");
            console.at("#budget-amount").fill("1");
            console.at("#budget button[type=submit]").click();
            assertThat(console.at("#budget [role=alert]")).containsText("There is a budget small-month already.");
            row.getByText("Change").click();
            console.at("#budget-amount").fill("99999");
            console.at("#budget-thresholds").fill("90, 10");
            console.at("#budget button[type=submit]").click();
            assertThat(console.at("#budget [role=alert]")).containsText("thresholds");
            console.keep("spend-refused");
            console.at("#budget-thresholds").fill("60, 90");
            console.at("#budget button[type=submit]").click();
            assertThat(row).containsText("Below 60 %");
            JsonPath changed = api(budgets + "/small-month", "org-admin");
            assertThat(changed.getString("amount")).isEqualTo("99999");
            assertThat(changed.getString("scope.modelId"))
                    .isEqualTo(stored.get("small").toString());
            console.keep("spend");
            row.getByText("Delete").click();
            row.getByText("Delete small-month for good").click();
            assertThat(console.at("#budgets")).containsText("There is no budget yet.");
            assertThat(api(budgets, "org-admin").getList("budgets")).isEmpty();
            Locator unpriced = console.at("#unpriced li");
            assertThat(unpriced).hasCount(1);
            assertThat(unpriced).containsText("analytics price add --model " + stored.get("trial") + " --from ");
            console.hasNoComplaints();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend", Tokens.of("engineer", org)).ready();
            console.at("#budget-name").fill("mine");
            console.at("#budget-amount").fill("1");
            console.at("#budget button[type=submit]").click();
            assertThat(console.at("#budget [data-status='403']")).containsText("analytics:budgets:write is missing");
            console.hasNoComplaints();
        }
    }

    @Test
    void aBudgetWhoseUserIsErasedCanOnlyBeDeleted() throws Exception {
        Map<String, UUID> stored = storeUsage();
        for (String name : List.of("ann", "ben")) {
            given().auth()
                    .oauth2(Tokens.of("finance", org))
                    .contentType("application/json")
                    .body("{\"amount\": 10, \"period\": \"month\", \"scope\": {\"userId\": \"%s\"}}"
                            .formatted(stored.get(name)))
                    .put("/analytics/v1/orgs/{org}/budgets/{name}", org, name)
                    .then()
                    .statusCode(201);
        }
        execute(
                "update analytics.budgets set user_id = null, user_erased_at = now() where user_id = ?",
                stored.get("ann"));
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC", Tokens.of("finance", org))
                    .ready();
            assertThat(console.at("#budgets tr[data-key=ben]").getByText("Change"))
                    .hasCount(1);
            Locator row = console.at("#budgets tr[data-key=ann]");
            assertThat(row.getByText("Change")).hasCount(0);
            console.at("#budgets tr[data-key=ben]").getByText("Change").click();
            console.at("#budget-amount").fill("20");
            console.at("#budget button[type=submit]").click();
            assertThat(console.at("#budget-done")).hasText("ben is saved.");
            String budgets = "/analytics/v1/orgs/" + org + "/budgets";
            assertThat(api(budgets + "/ben", "finance").getString("scope.userId"))
                    .isEqualTo(stored.get("ben").toString());
            row.getByText("Delete").click();
            row.getByText("Delete ann for good").click();
            assertThat(row).hasCount(0);
            console.hasNoComplaints();
        }
    }

    /** The trial model has no price: its usage of the last nine days is unpriced. */
    @Test
    void aPriceIsPreviewedAddedAndListed() throws Exception {
        String trial = storeUsage().get("trial").toString();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC&org=" + org, Tokens.of("system-admin", org))
                    .ready();
            console.at("#prices summary").click();
            console.at("#price-model").fill(trial);
            console.at("#price-from")
                    .fill(LocalDate.now(ZoneOffset.UTC).minusDays(20).toString());
            console.at("#price-inputUsd").fill("0.075");
            console.at("#price-outputUsd").fill("3");
            console.at("#price-cacheReadUsd").fill("0.0075");
            console.at("#price-cacheWriteUsd").fill("0.09");
            console.at("#price-reason").fill("<b>list price</b>");
            console.at("#price button[type=submit]").click();
            assertThat(console.at("#effect tbody tr")).not().hasCount(0);
            assertThat(console.at("#effect")).containsText("have no price now");
            assertThat(console.at("#prices tr[data-key='" + trial + "']")).hasCount(0);
            console.keep("prices-preview");
            console.at("#price-add").click();
            assertThat(console.at("#price-done")).containsText("is in the book.");
            Locator entry = console.at("#prices tr[data-key='" + trial + "']");
            assertThat(entry).containsText("<b>list price</b>");
            assertThat(entry.locator("data").first()).hasAttribute("value", "0.075");
            assertThat(console.at("#prices > details > code")).containsText("analytics price reprice --from ");
            assertThat(console.at("#effect")).hasCount(0);
            JsonPath book = api("/analytics/v1/prices?modelId=" + trial, "system-admin");
            assertThat(book.getString("prices[0].inputUsd")).isEqualTo("0.075");
            console.keep("prices");
            console.fits();
            console.isAccessible();
            console.hasNoComplaints();
        }
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend", Tokens.of("finance", org)).ready();
            console.at("#prices summary").click();
            assertThat(console.at("#prices [data-status='403']")).containsText("analytics:prices:write");
            console.hasNoComplaints();
        }
    }

    /** The next viewer of the same tab may see less. */
    @Test
    void whatAViewerTypedAndSawGoesWithTheSignOut() throws Exception {
        String trial = storeUsage().get("trial").toString();
        String token = Tokens.of("system-admin", org);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC&open=prices&org=" + org, token)
                    .ready();
            console.at("#price-model").fill(trial);
            console.at("#price-inputUsd").fill("0.075");
            console.at("#price-outputUsd").fill("3");
            console.at("#price button[type=submit]").click();
            assertThat(console.at("#effect")).isVisible();
            console.at("#budget-name").fill("secret-budget");
            console.goTo("Administration");
            console.at("#names-name").fill("secret-name");
            console.at("#key-name").fill("secret-key");
            console.at("#export-zone").fill("Europe/Berlin");
            console.at("#sign-out").click();
            console.signIn(token).ready();
            for (String field : List.of("#names-name", "#key-name", "#export-zone")) {
                assertThat(console.at(field)).hasValue("");
            }
            console.goTo("Spend").at("#prices summary").click();
            assertThat(console.at("#price-model")).hasValue("");
            assertThat(console.at("#price-inputUsd")).hasValue("");
            assertThat(console.at("#budget-name")).hasValue("");
            assertThat(console.at("#effect")).hasCount(0);
            console.hasNoComplaints();
        }
    }

    /** It belongs to the viewer who has left. */
    @Test
    void anAnswerThatComesAfterTheSignOutIsNotShown() throws Exception {
        String trial = storeUsage().get("trial").toString();
        String token = Tokens.of("system-admin", org);
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC&open=prices&org=" + org, token)
                    .ready();
            console.at("#price-model").fill(trial);
            console.at("#price-inputUsd").fill("0.075");
            console.at("#price-outputUsd").fill("3");
            List<Route> held = new ArrayList<>();
            console.page().route("**/prices/preview", held::add);
            console.page().waitForRequest("**/prices/preview", () -> console.at("#price button[type=submit]")
                    .click());
            console.at("#sign-out").click();
            console.signIn(token).ready();
            // What the viewer before had opened is closed.
            console.at("#prices summary").click();
            assertThat(console.at("#price")).isVisible();
            console.page()
                    .waitForResponse("**/prices/preview", () -> held.get(0).resume());
            // Each letter draws the page again.
            console.at("#budget-name").fill("next");
            assertThat(console.at("#effect")).hasCount(0);
            console.hasNoComplaints();
        }
    }

    /** A preview compares 31 days; the price holds for the usage before them, too. */
    @Test
    void olderUsageThanThePreviewComparesIsRepriced() throws Exception {
        String trial = storeUsage().get("trial").toString();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#spend?zone=UTC&org=" + org, Tokens.of("system-admin", org))
                    .ready();
            console.at("#prices summary").click();
            for (String model : List.of(trial, UUID.randomUUID().toString())) {
                String from = LocalDate.now(ZoneOffset.UTC).minusDays(50).toString();
                console.at("#price-model").fill(model);
                console.at("#price-from").fill(from);
                console.at("#price-inputUsd").fill("0.075");
                console.at("#price-outputUsd").fill("3");
                console.at("#price button[type=submit]").click();
                assertThat(console.at("#effect")).containsText("Older days were not compared");
                console.at("#price-add").click();
                assertThat(console.at("#prices > details > code"))
                        .containsText("analytics price reprice --from " + from + " --to ");
                assertThat(console.at("#prices")).containsText("Older days were not compared");
                assertThat(console.at("#effect")).hasCount(0);
            }
            console.hasNoComplaints();
        }
    }

    @Test
    void billsStandAgainstEstimates() throws Exception {
        storeUsage();
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.offerF1();
            lab.anthropic(ProviderLab.OCT_15);
        }
        String near = "claude-sonnet-4-5";
        UUID model = UUID.randomUUID();
        execute("insert into analytics.models (model_id, name) values (?, ?)", model, near);
        String asked = "start=2025-10-14T00:00:00Z&end=2025-10-16T00:00:00Z";
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn(
                            "/console/#company?range=own&from=2025-10-14&to=2025-10-15",
                            Tokens.of("company-finance", org))
                    .ready();
            JsonPath totals = api("/analytics/v1/reconciliation?" + asked, "company-finance");
            for (String figure : List.of("billed", "estimate", "difference")) {
                assertThat(console.figure(figure))
                        .as(figure)
                        .isEqualByComparingTo(totals.getString("totals." + figure + ".amount"));
            }
            assertThat(console.figure("billed")).isPositive();
            assertThat(sum(console.column("#platforms", 2))).isEqualByComparingTo(console.figure("billed"));
            assertThat(console.at("#finality")).containsText("Provisional");
            console.at("#chart-waterfall summary").click();
            assertThat(console.at("#chart-waterfall tbody th")).hasText(new String[] {
                "Estimate", "No events", "Other quantity", "Other price", "Without price", "Not explained", "Billed"
            });
            assertThat(console.at("#calendar tr[data-key='2025-10-15'] td.import"))
                    .hasCount(1);
            assertThat(console.at("#calendar tr[data-key='2025-10-15']")).containsText("Imported");
            assertThat(console.at("#calendar")).not().containsText("undefined");
            assertThat(console.at("#runs tbody tr").first()).containsText("Anthropic");
            JsonPath todo = api("/analytics/v1/provider-mappings/todo", "company-finance");
            assertThat(console.at("#unmapped li"))
                    .hasCount(Math.min(20, todo.getList("entries").size()));
            assertThat(console.at("#unmapped li").first().locator("data"))
                    .hasAttribute("value", todo.getString("entries[0].cost.amount"));
            assertThat(console.at("#unmapped li").first()).containsText(todo.getString("entries[0].id"));
            assertThat(console.at("#unmapped li[data-key='" + near + "-20250929'] code"))
                    .containsText(Pattern.compile("--provider \\S+ --also-billed-as " + near + "-20250929$"));
            console.keep("company");
            console.fits();
            console.isAccessible();
            console.hasNoComplaints();
        } finally {
            execute("delete from analytics.models where model_id = ?", model);
        }
    }

    @Test
    void onePartThatFailsLeavesTheOthers() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            execute("alter table analytics.provider_import_run rename to import_run_away");
            execute("alter view analytics.provider_unmapped rename to unmapped_away");
            try {
                console.signIn(
                                "/console/#company?range=own&from=2025-10-14&to=2025-10-15",
                                Tokens.of("company-finance", org))
                        .ready();
                for (String part : List.of("#runs", "#unmapped")) {
                    assertThat(console.at(part + " [role=alert]")).hasAttribute("data-status", "500");
                    assertThat(console.at(part)).containsText("give the trace id to the operators");
                }
                assertThat(console.at("#corrections [role=alert], #calendar [role=alert], #problem"))
                        .hasCount(0);
                assertThat(console.at("#corrections h2")).isVisible();
            } finally {
                execute("alter table analytics.import_run_away rename to provider_import_run");
                execute("alter view analytics.unmapped_away rename to provider_unmapped");
            }
            console.at("#runs button").click();
            assertThat(console.at("#runs [role=alert], #unmapped [role=alert]")).hasCount(0);
            assertThat(console.at("#runs h2")).isVisible();
        }
    }

    @Test
    void billsAreForThoseWhoMaySeeThem() throws Exception {
        storeUsage();
        try (ConsolePage console = ConsolePage.open(browser, url)) {
            console.signIn("/console/#company", Tokens.of("finance", org)).ready();
            assertThat(console.at("#problem[data-status='403']")).containsText("analytics:providers:read");
            console.hasNoComplaints();
        }
    }
}

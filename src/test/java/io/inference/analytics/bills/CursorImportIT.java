package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.CursorInvoices;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Cursor's reports from a fake server to the tables. */
class CursorImportIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    private boolean imported(LocalDate day) throws Exception {
        return lab.imports()
                .importDay(Provider.CURSOR, day, false, "test", outcome -> {})
                .complete();
    }

    private BigDecimal cost(String where) {
        return lab.amount(
                "select coalesce(sum(amount_usd), 0) from analytics.vw_combined_daily_costs where provider = 'cursor' and "
                        + where);
    }

    @Test
    void onlyTheDayAskedForAndOnlyWhatIsCharged() throws Exception {
        ArrayNode rows = ProviderLab.file("cursor-daily-usage.json").withArray("data");
        ObjectNode neighbour = rows.get(0).deepCopy();
        neighbour.put("day", "2025-10-14").put("date", 1760400000000L);
        ObjectNode odd = rows.get(0).deepCopy();
        odd.remove("day");
        odd.put("date", 1760500000000L).put("userId", "user_abc").put("email", "Carol@Example.test");
        odd.remove("totalTabsShown");
        lab.cursorApi.daily(rows);
        lab.cursorApi.daily(ProviderHttp.JSON.createArrayNode().add(neighbour).add(odd));
        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        lab.cursorApi.events(events);
        // A twin, and one of the next day.
        lab.cursorApi.events(ProviderHttp.JSON
                .createArrayNode()
                .add(events.get(1).deepCopy())
                .add(((ObjectNode) events.get(0).deepCopy()).put("timestamp", "1760572800000")));
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        lab.set("cursor-page-records", "2");
        for (int run = 0; run < 2; run++) {
            assertThat(imported(OCT_15)).isTrue();
        }
        assertThat(lab.database.text(
                        "select string_agg(dataset || ' ' || row_count || ' ' || revision, ', ' order by dataset)"
                                + " from analytics.provider_import_day"))
                .isEqualTo("daily_usage 3 1, events 4 1, spend 2 1");
        assertThat(cost("cost_date = '2025-10-15'")).isEqualTo(new BigDecimal("0.2136232"));
        assertThat(cost("user_email = 'alice@example.test'")).isEqualTo(new BigDecimal("0.2136232"));
        assertThat(lab.amount("select sum(included_usd) from analytics.cursor_usage_event"))
                .isEqualTo(new BigDecimal("0.013"));
        assertThat(lab.database.text(
                        "select user_email || ' ' || net_lines_accepted || ' ' || (tab_acceptance_rate is null)"
                                + " from analytics.fact_cursor_daily_usage where user_email = 'carol@example.test'"))
                .isEqualTo("carol@example.test 457 true");
        assertThat(lab.validation()
                        .validate(Provider.CURSOR, Optional.empty(), OCT_15, Optional.of(new BigDecimal("0.21"))))
                .allMatch(ProviderValidation.Checkpoint::passed);
        assertThat(imported(OCT_16)).isTrue();
        assertThat(cost("true")).isEqualTo(new BigDecimal("0.4272464"));
    }

    @Test
    void withoutEventsTheDifferencesOfTheSnapshotsCount() throws Exception {
        int[] cents = {5000, 5700, 5700, 300};
        long[] cycles = {1759449600000L, 1759449600000L, 1759449600000L, 1762128000000L};
        Instant start = Instant.parse("2025-10-19T13:00:00Z");
        for (int i = 0; i < cents.length; i++) {
            ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
            spend.put("subscriptionCycleStart", cycles[i]);
            ((ObjectNode) spend.at("/teamMemberSpend/0")).put("spendCents", cents[i]);
            lab.cursorApi.spend(spend);
            lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.at(i < 3 ? start.plusSeconds(86_400L * i) : Instant.parse("2025-11-04T13:00:00Z"));
            assertThat(imported(LocalDate.of(2025, 10, 18 + i))).isFalse();
        }
        assertThat(lab.database.text(
                        "select string_agg(cost_date || ' ' || amount_usd::float8, ', ' order by cost_date)"
                                + " from analytics.vw_combined_daily_costs where provider = 'cursor'"))
                .as("50, 57, 57 is 50, 7, 0; another cycle begins at 0")
                .isEqualTo("2025-10-19 50, 2025-10-20 7, 2025-11-04 3");
    }

    /** Alice is charged 0.2136232 on 15 October, the first day of the cycle; a cent of difference is allowed. */
    @Test
    void theSpendOfACycleIsComparedWithItsCharges() throws Exception {
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        assertThat(unexplained(21)).isEqualTo("2025-10-19 0");
        lab.reset();
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        assertThat(unexplained(150)).as("1.50 - 0.2136232 - 0.01").isEqualTo("2025-10-19 1.2763768");
        lab.reset();
        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        ObjectNode late = events.get(0).deepCopy();
        events.add(late.put("timestamp", "1760877000000").put("chargedCents", 100));
        lab.cursorApi.events(events);
        assertThat(unexplained(21))
                .as("Cursor adds up by the hour: what was charged at 12:30 may not be in a sum of 13:00")
                .isEqualTo("2025-10-19 0");
    }

    private String unexplained(int spendCents) throws Exception {
        return unexplained(BigDecimal.valueOf(spendCents));
    }

    private String unexplained(BigDecimal spendCents) throws Exception {
        ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
        spend.put("subscriptionCycleStart", 1760486400000L);
        ((ObjectNode) spend.at("/teamMemberSpend/0")).put("spendCents", spendCents);
        lab.cursorApi.spend(spend);
        for (int day = 15; day <= 18; day++) {
            assertThat(imported(LocalDate.of(2025, 10, day))).isTrue();
        }
        assertThat(lab.database.number("select count(*) from analytics.cursor_spend_check"))
                .as("the 19th is not over")
                .isZero();
        lab.at(Instant.parse("2025-10-20T13:00:00Z"));
        assertThat(imported(LocalDate.of(2025, 10, 19))).isTrue();
        return lab.database.text("select max(snapshot_date) || ' ' || trim_scale(max(unexplained_usd))"
                + " from analytics.cursor_spend_check");
    }

    /** The invoices and requests of the sheet's section 2.7. */
    @Test
    void invoicesAreComparedWithTheChargesAndNeverAdded() throws Exception {
        CursorInvoices invoices = new CursorInvoices(lab.jdbi(), lab.clock());
        String[][] months = {
            {"2025-06", "1048.90", "11876"},
            {"2025-07", "1775.07", "16753"},
            {"2025-08", "827.15", "7254"},
            {"2025-09", "1104.30", "8343"},
            {"2025-10", "41.92", "801"}
        };
        for (String[] month : months) {
            invoices.enter(invoice(month), false, "test");
        }
        assertThat(lab.amount("select sum(total_invoice_amount_usd) from analytics.cursor_monthly_invoice"))
                .isEqualTo(new BigDecimal("4797.34"));
        assertThat(invoices.compare())
                .extracting(month -> month.overageRate().orElseThrow().setScale(3, RoundingMode.HALF_UP))
                .containsExactly(
                        new BigDecimal("0.088"),
                        new BigDecimal("0.106"),
                        new BigDecimal("0.114"),
                        new BigDecimal("0.132"),
                        new BigDecimal("0.052"));
        assertThat(invoices.compare()).allMatch(month -> month.status().equals("missing_data") && !month.fine());
        assertThat(lab.database.text(
                        "select concat_ws(' ', period_start, period_end, payment_status, notes, entered_by)"
                                + " from analytics.cursor_monthly_invoices where billing_month = '2025-09-01'"))
                .isEqualTo("2025-09-01 2025-09-30 paid typed in test");
        assertThatThrownBy(() -> invoices.enter(invoice(months[4]), false, "test"))
                .isInstanceOf(Failure.Conflict.class)
                .hasMessage("the invoice of 2025-10 is entered already");
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        imported(OCT_15);
        // 0.2136232 of charges and the seats, against 41.92.
        String[][] seats = {
            {"41.50", "matched", "-0.2063768"},
            {"41", "acceptable", "-0.7063768"},
            {"39", "warning", "-2.7063768"},
            {"30", "critical", "-11.7063768"}
        };
        for (String[] month : seats) {
            lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, new BigDecimal(month[0]), true, "test");
            CursorInvoices.Compared october = invoices.compare().get(4);
            assertThat(october.status()).isEqualTo(month[1]);
            assertThat(october.variance()).isEqualByComparingTo(month[2]);
        }
        assertThat(cost("true")).isEqualTo(new BigDecimal("30.2136232"));
        invoices.enter(invoice(new String[] {"2025-10", "0", "0"}), true, "test");
        assertThat(invoices.compare().get(4).status()).isEqualTo("duplicate_data");
        assertThat(invoices.compare().get(4).overageRate()).isEmpty();
    }

    /** Less than 1 % is matched, up to 5 % acceptable, up to 10 % a warning, on both sides of an invoice of 100. */
    @Test
    void theBandsOfAnInvoiceEndWhereTheySay() throws Exception {
        CursorInvoices invoices = new CursorInvoices(lab.jdbi(), lab.clock());
        invoices.enter(invoice(new String[] {"2025-10", "100", "1"}), false, "test");
        String[][] edges = {
            {"0", "matched"},
            {"0.99999999", "matched"},
            {"1", "acceptable"},
            {"5", "acceptable"},
            {"5.00000001", "warning"},
            {"10", "warning"},
            {"10.00000001", "critical"}
        };
        for (String[] edge : edges) {
            for (int sign : new int[] {-1, 1}) {
                BigDecimal variance = new BigDecimal(edge[0]).multiply(BigDecimal.valueOf(sign));
                BigDecimal imported = new BigDecimal("100").add(variance);
                lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, imported, true, "test");
                CursorInvoices.Compared october = invoices.compare().get(0);
                assertThat(october.status()).as("%s of 100", imported).isEqualTo(edge[1]);
                assertThat(october.variance()).isEqualByComparingTo(variance);
                assertThat(october.fine()).isEqualTo(!edge[1].equals("critical"));
            }
        }
        lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, BigDecimal.ZERO, true, "test");
        assertThat(invoices.compare().get(0).status()).isEqualTo("missing_data");
        invoices.enter(invoice(new String[] {"2025-10", "0", "0"}), true, "test");
        assertThat(invoices.compare().get(0).status())
                .as("nothing billed and nothing imported")
                .isEqualTo("matched");
    }

    @Test
    void aCentBetweenSpendAndChargesIsAllowedAndNotMore() throws Exception {
        String[][] edges = {{"22.36232", "0"}, {"22.36233", "0.0000001"}, {"20.36232", "0"}, {"20.36231", "0.0000001"}};
        for (String[] edge : edges) {
            lab.reset();
            lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
            assertThat(unexplained(new BigDecimal(edge[0])))
                    .as("spend %s cents, charged 21.36232", edge[0])
                    .isEqualTo("2025-10-19 " + edge[1]);
        }
    }

    private static CursorInvoices.Invoice invoice(String[] month) {
        return new CursorInvoices.Invoice(
                YearMonth.parse(month[0]),
                Optional.empty(),
                new BigDecimal(month[1]),
                Optional.empty(),
                Optional.of(new BigDecimal(month[1])),
                Optional.empty(),
                Optional.of(Long.parseLong(month[2])),
                Optional.empty(),
                Optional.empty(),
                Optional.of("paid"),
                Optional.of("typed in"));
    }

    /** Cursor's keys name no team, so the settings do. */
    @Test
    void whatTwoTeamsDidIsNeverTakenForOneAnothers() throws Exception {
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        for (String team : new String[] {"Alpha", "beta", "Alpha"}) {
            lab.set("cursor-team", team);
            assertThat(imported(OCT_15)).isTrue();
        }
        assertThat(
                        lab.database.text(
                                "select string_agg(organization_id || ' ' || trim_scale(usd), ', ' order by organization_id) from (select"
                                        + " organization_id, sum(amount_usd) as usd from analytics.vw_combined_daily_costs group by 1) teams"))
                .isEqualTo("alpha 0.2136232, beta 0.2136232");
        assertThat(lab.database.text("select string_agg(organization_id || ' ' || user_email, ', ' order by 1)"
                        + " from analytics.fact_cursor_daily_usage where user_email like 'alice@%'"))
                .isEqualTo("alpha alice@example.test, beta alice@example.test");
        assertThat(lab.database.number("select max(revision) from analytics.provider_import_day"))
                .isEqualTo(1);
        assertThat(lab.organizations().of(Provider.CURSOR, Optional.empty())).contains("alpha");
        lab.set("cursor-team", "");
        assertThatThrownBy(() -> lab.organizations().of(Provider.CURSOR, Optional.empty()))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("alpha, beta");
        assertThat(lab.validation()
                        .validate(Provider.CURSOR, Optional.of("beta"), OCT_15, Optional.of(new BigDecimal("0.21"))))
                .allMatch(ProviderValidation.Checkpoint::passed);
        assertThatThrownBy(() -> lab.imports()
                        .backfill(
                                Provider.CURSOR,
                                new ProviderImports.Range(OCT_15, OCT_16, false, false),
                                "test",
                                outcome -> {}))
                .as("beta's day was validated, not one of the team that has no name")
                .isInstanceOf(Failure.Conflict.class);
        lab.set("cursor-team", "a b");
        assertThatThrownBy(() -> imported(OCT_15)).isInstanceOf(Failure.Invalid.class);
    }

    @Test
    void aReleasedDayStaysReleasedUntilItSaysSomethingElse() throws Exception {
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        ObjectNode large = (ObjectNode)
                ProviderLab.file("cursor-events.json").withArray("usageEvents").get(0);
        lab.cursorApi.events(
                ProviderHttp.JSON.createArrayNode().add(large.deepCopy().put("chargedCents", 100_001)));
        assertThat(imported(OCT_15)).isFalse();
        lab.imports().importDay(Provider.CURSOR, OCT_15, true, "test", outcome -> {});
        assertThat(imported(OCT_15)).as("the same content is released").isTrue();
        assertThat(cost("cost_date = '2025-10-15'")).isEqualTo(new BigDecimal("1000.01"));
        lab.cursorApi.events(ProviderHttp.JSON
                .createArrayNode()
                .add(large.put("chargedCents", 1).put("timestamp", "1760522400001")));
        assertThat(imported(OCT_15)).as("a cent more").isFalse();
        assertThat(cost("cost_date = '2025-10-15'")).isEqualTo(new BigDecimal("1000.01"));
        assertThat(lab.imports().gaps(Provider.CURSOR, Optional.of(OCT_15)))
                .contains("2025-10-15\tevents\tquarantined");
    }

    /** The sum of a running cycle says nothing about the day before. */
    @Test
    void aSumThatWasNotTakenOnItsDayIsNotTakenLater() throws Exception {
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        lab.cursorApi.fail("/teams/spend", Fault.FORBIDDEN);
        assertThat(imported(OCT_15)).isFalse();
        lab.cursorApi.fail("/teams/spend", Fault.FORBIDDEN);
        assertThat(lab.imports()
                        .retry(Provider.CURSOR, new TreeSet<>(), "test", outcome -> {})
                        .days())
                .as("it is still the 19th")
                .hasSize(1);
        lab.at(ProviderLab.NOW.plusSeconds(86_400));
        assertThat(lab.imports()
                        .retry(Provider.CURSOR, new TreeSet<>(), "test", outcome -> {})
                        .days())
                .isEmpty();
        Map<String, Map<String, Long>> counts = lab.jdbi()
                .withHandle(handle -> lab.ledger().counts(handle, lab.clock().instant()));
        assertThat(counts.get("cursor")).doesNotContainKey("failed_permanent");
    }

    /** A server that gives the first page for each number would have every event charged once a page. */
    @Test
    void aPageThatComesAgainIsNoMoney() throws Exception {
        lab.cursorApi.events(ProviderLab.file("cursor-events.json").withArray("usageEvents"));
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        lab.cursorApi.forgetPages();
        assertThat(imported(OCT_15)).isFalse();
        assertThat(lab.database.text(
                        "select string_agg(dataset || ' ' || status || ' ' || coalesce(last_error_code, '-'), ', ' order by dataset)"
                                + " from analytics.provider_import_day"))
                .isEqualTo(
                        "daily_usage failed_retryable broken_paging, events failed_retryable broken_paging, spend ok -");
        assertThat(lab.database.number("select count(*) from analytics.cursor_usage_event"))
                .isZero();
        assertThat(cost("source_table = 'cursor_spend_snapshot'"))
                .as("until the events can be read, what Cursor itself adds up")
                .isEqualTo(new BigDecimal("24.5"));
        assertThat(cost("source_table <> 'cursor_spend_snapshot'")).isZero();
        assertThat(lab.cursorApi.requests()).hasSizeLessThan(10);
    }

    @Test
    void aHigherRateThanAllowedIsWaitedOutNotRunInto() throws Exception {
        lab.cursorApi.limitRate();
        lab.set("cursor-tries", "1");
        lab.set("cursor-requests-per-minute", "20");
        // Members twice, and three reports: five requests.
        lab.cursorApi.spend(ProviderLab.file("cursor-spend.json"));
        assertThat(imported(OCT_15)).isTrue();
        assertThat(lab.cursorApi.requests()).hasSize(5);
    }
}

package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.OCT_16;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.CursorInvoices;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.devtools.Fault;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of Cursor's events and snapshots are money, and that none is lost or counted twice. */
class CursorChargesIT {

    private static final LocalDate CYCLE = LocalDate.of(2025, 10, 3);

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @BeforeEach
    void noSpend() {
        ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
        spend.withArray("teamMemberSpend").removeAll();
        lab.cursorApi.spend(spend);
    }

    /** An event of Alice that is billed, at a time of 15 October. */
    private static ObjectNode event(int cents, int second) {
        ObjectNode event = (ObjectNode)
                ProviderLab.file("cursor-events.json").withArray("usageEvents").get(0);
        return event.put("chargedCents", cents).put("timestamp", Long.toString(1_760_522_400_000L + second * 1000L));
    }

    private static ArrayNode list(ObjectNode... events) {
        return ProviderHttp.JSON.createArrayNode().addAll(List.of(events));
    }

    private static BigDecimal billed() {
        return lab.sum("analytics.cursor_daily_cost", "amount_usd", "true");
    }

    @Test
    void whatThePlanIncludesIsNotBilled() throws Exception {
        ObjectNode flagged = event(0, 1).put("kind", "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS");
        flagged.put("chargedCents", new BigDecimal("59.65"));
        flagged.withObject("/tokenUsage").put("totalCents", new BigDecimal("59.65"));
        ObjectNode documented = event(8, 2).put("kind", "Included in Business").put("isChargeable", false);
        documented.remove("tokenUsage");
        lab.cursorApi.events(list(event(30, 0), flagged, documented));
        assertThat(lab.cursor(OCT_15).complete()).isTrue();
        assertThat(lab.database.rows("select sum(charged_usd), sum(included_usd) from analytics.cursor_usage_event"))
                .containsExactly(tuple(usd("0.3"), usd("0.6765")));
        assertThat(lab.validation().validate(Provider.CURSOR, Optional.empty(), OCT_15, Optional.of(usd("0.3"))))
                .as("the archived pages are read by the same rule")
                .filteredOn(checkpoint -> !checkpoint.warning())
                .allMatch(ProviderValidation.Checkpoint::passed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chargedCents", "isChargeable", "kind"})
    void withoutAFieldThatDecidesAboutMoneyOnlyTheDayWaits(String field) throws Exception {
        lab.cursorApi.events(list(event(10, 0), event(7, 1).without(field), event(20, 86_400)));
        assertThat(lab.cursor(OCT_15).complete()).isFalse();
        assertThat(lab.cursor(OCT_16).complete()).isTrue();
        assertThat(lab.database.rows("select status, last_error_text from analytics.provider_import_day"
                        + " where dataset = 'events' and usage_date = '2025-10-15'"))
                .first()
                .satisfies(row -> assertThat(row.toList().toString()).contains("quarantined", field + ": missing"));
        assertThat(billed()).isEqualTo(usd("0.2"));
    }

    /** 30, 20 and 11 cents in pages of two; what changes after the first page decides what is right. */
    @Test
    void anEventThatComesOrGoesBetweenTwoPagesIsCountedOnce() throws Exception {
        lab.set("cursor-page-records", "2");
        Consumer<List<ObjectNode>> comes = events -> events.add(0, event(40, 9));
        Consumer<List<ObjectNode>> goes = events -> events.remove(0);
        lab.cursorApi.events(list(event(30, 3), event(20, 2), event(11, 1)));
        lab.cursorApi.betweenPages(List.of(comes));
        assertThat(lab.cursor(OCT_15).complete()).isTrue();
        assertThat(billed()).isEqualTo(usd("1.01"));
        lab.cursorApi.betweenPages(List.of(goes));
        assertThat(lab.cursor(OCT_15).complete()).isTrue();
        assertThat(billed()).isEqualTo(usd("0.61"));
        lab.cursorApi.betweenPages(List.of(comes, goes, comes, goes, comes, goes));
        lab.cursor(OCT_15);
        assertThat(lab.day("events", OCT_15).toList())
                .as("it does not come to rest")
                .startsWith("failed_retryable", "broken_paging");
        assertThat(billed()).isEqualTo(usd("0.61"));
    }

    @Test
    void fewerEventsThanTheAnswerCountsAreNoDay() throws Exception {
        lab.set("cursor-page-records", "2");
        lab.cursorApi.events(list(event(30, 3), event(20, 2), event(11, 1)));
        List<Consumer<ObjectNode>> lies = List.of(
                page -> page.put("totalUsageEventsCount", 5),
                page -> page.remove("pagination"),
                page -> page.without(List.of("pagination", "totalUsageEventsCount")));
        for (Consumer<ObjectNode> lie : lies) {
            lab.cursorApi.distort(lie);
            assertThat(lab.cursor(OCT_15).complete()).isFalse();
            assertThat(lab.day("events", OCT_15).toList()).startsWith("failed_retryable", "broken_paging");
        }
        assertThat(billed()).isZero();
    }

    /** Events of 1 to 3 October are stored (30 USD), then nobody may read them: the sums of the cycle go on to 50. */
    @Test
    void eventsThatAreStoredAndSnapshotsAfterThemAreNeverBothCounted() throws Exception {
        int[] spend = {3_000, 5_000, 4_000, 6_000};
        ObjectNode thirty = event(3_000, 0).put("timestamp", "1759489200000");
        lab.cursorApi.events(list(thirty));
        lab.at(Instant.parse("2025-10-04T13:00:00Z"));
        lab.cursor(CYCLE);
        String[] expected = {"30", "50", "50", "60"};
        for (int i = 0; i < spend.length; i++) {
            snapshot(spend[i]);
            lab.at(Instant.parse("2025-10-04T13:00:00Z").plusSeconds(86_400L * i));
            lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.cursor(CYCLE);
            lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.cursor(CYCLE.plusDays(1 + i));
            assertThat(billed()).as("spend of %d cents", spend[i]).isEqualTo(usd(expected[i]));
        }
    }

    private static void snapshot(int cents) {
        ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
        ((ObjectNode) spend.at("/teamMemberSpend/0")).put("spendCents", cents);
        lab.cursorApi.spend(spend);
    }

    @Test
    void aTeamWithoutAccessToItsEventsIsImportedEveryDay() throws Exception {
        snapshot(5_000);
        lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
        lab.cursor(OCT_15);
        assertThat(lab.validation().validate(Provider.CURSOR, Optional.empty(), OCT_15, Optional.empty()))
                .allMatch(ProviderValidation.Checkpoint::passed);
        // The days before come in several calls.
        lab.cursorApi.fail(
                "filtered-usage-events",
                Collections.nCopies(20, Fault.FORBIDDEN).toArray(Fault[]::new));
        assertThat(lab.imports()
                        .importDue(Provider.CURSOR, "test", outcome -> {})
                        .days())
                .isNotEmpty();
        assertThat(billed()).isEqualTo(usd("50"));
    }

    /** A large team's events of 30 days take longer than a job or a lease lasts. */
    @Test
    void whatWasReadBeforeAnInterruptionIsStored() throws Exception {
        lab.set("cursor-page-records", "1");
        lab.cursorApi.events(list(event(10, 0), event(20, 1)));
        Fault[] outage = Collections.nCopies(10, Fault.SERVER_ERROR).toArray(Fault[]::new);
        lab.cursorApi.betweenPages(
                List.of(events -> {}, events -> lab.cursorApi.fail("filtered-usage-events", outage)));
        SortedSet<LocalDate> days =
                new TreeSet<>(OCT_15.minusDays(2).datesUntil(OCT_15.plusDays(4)).toList());
        assertThat(lab.imports()
                        .retry(Provider.CURSOR, days, "test", outcome -> {})
                        .complete())
                .isFalse();
        assertThat(
                        lab.database.rows(
                                "select status, count(*) from analytics.provider_import_day where dataset = 'events' group by status order by status"))
                .containsExactly(tuple("failed_retryable", 3L), tuple("ok", 1L), tuple("ok_empty", 2L));
        assertThat(billed()).isEqualTo(usd("0.3"));
        assertThat(lab.database.number("select count(*) from analytics.provider_raw_page where dataset = 'events'"))
                .as("two pages of the day with events, and one of each day without")
                .isEqualTo(4);
    }

    /** 100 USD of 15 October and 40 of seats: a cycle can end before the month does. */
    @Test
    void anInvoiceIsComparedWithItsOwnPeriod() throws Exception {
        lab.cursorApi.events(list(event(10_000, 0)));
        lab.cursor(OCT_15);
        lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, usd("40"), false, "test");
        CursorInvoices invoices = new CursorInvoices(lab.jdbi(), lab.clock());
        String[][] periods = {{"2025-09-16", "2025-10-15", "140"}, {"2025-09-15", "2025-10-14", "40"}};
        for (String[] period : periods) {
            invoices.enter(invoice(period[0], period[1]), true, "test");
            assertThat(invoices.compare()).singleElement().satisfies(october -> {
                assertThat(october.imported()).isEqualByComparingTo(period[2]);
                assertThat(october.period().first()).isEqualTo(period[0]);
                assertThat(october.period().last()).isEqualTo(period[1]);
            });
        }
        for (String[] wrong :
                new String[][] {{"2025-10-15", "2025-11-14"}, {"2025-08-31", "2025-10-14"}, {"2025-10-15", "2025-10-14"}
                }) {
            assertThatThrownBy(() -> invoices.enter(invoice(wrong[0], wrong[1]), true, "test"))
                    .isInstanceOf(Failure.Invalid.class)
                    .hasMessageContaining("expected: it ends in 2025-10");
        }
    }

    /** An invoice of the calendar month September, then a cycle that would begin in it. */
    @Test
    void aDayBelongsToOneInvoiceAtMost() throws Exception {
        CursorInvoices invoices = new CursorInvoices(lab.jdbi(), lab.clock());
        lab.cursorApi.events(list(event(40, 0)));
        lab.cursor(OCT_15);
        assertThat(invoices.leftOut()).singleElement().satisfies(charges -> {
            assertThat(charges.amount()).isEqualByComparingTo("0.4");
            assertThat(charges.days()).isEqualTo(new CursorInvoices.Period(OCT_15, OCT_15));
            assertThat(charges.overdue()).as("the running month").isFalse();
        });
        CursorInvoices.Invoice october = invoice("2025-10-01", "2025-10-14");
        invoices.enter(of(YearMonth.of(2025, 9), october), false, "test");
        assertThatThrownBy(() -> invoices.enter(invoice("2025-09-30", "2025-10-14"), false, "test"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining(
                        "expected: no day of the invoice of 2025-09, which is of 2025-09-01 to 2025-09-30");
        invoices.enter(october, false, "test");
        assertThat(invoices.leftOut()).singleElement().matches(charges -> !charges.overdue());
        invoices.enter(of(YearMonth.of(2025, 11), october), false, "test");
        assertThat(invoices.leftOut())
                .as("November is billed already")
                .singleElement()
                .matches(CursorInvoices.LeftOut::overdue);
        invoices.enter(invoice("2025-10-01", "2025-10-31"), true, "test");
        assertThat(invoices.leftOut()).isEmpty();
    }

    /** The same of a calendar month. */
    private static CursorInvoices.Invoice of(YearMonth month, CursorInvoices.Invoice like) {
        return new CursorInvoices.Invoice(
                month,
                Optional.empty(),
                like.total(),
                like.subscription(),
                like.overage(),
                like.requests(),
                like.usageBasedRequests(),
                like.invoiceId(),
                like.date(),
                like.paymentStatus(),
                like.notes());
    }

    private static CursorInvoices.Invoice invoice(String first, String last) {
        return new CursorInvoices.Invoice(
                YearMonth.of(2025, 10),
                Optional.of(new CursorInvoices.Period(LocalDate.parse(first), LocalDate.parse(last))),
                usd("140"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** The cycle begins at 10:30. What was charged at 10:00 is of the cycle before, although it is the same day. */
    @Test
    void aCycleThatBeginsWithinADayIsComparedFromThatMoment() throws Exception {
        ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
        spend.put(
                "subscriptionCycleStart", Instant.parse("2025-10-15T10:30:00Z").toEpochMilli());
        ((ObjectNode) spend.at("/teamMemberSpend/0")).put("spendCents", 20);
        lab.cursorApi.spend(spend);
        lab.cursorApi.events(list(event(10, 0), event(20, 3600)));
        lab.cursor(OCT_15);
        for (int day = 16; day <= 18; day++) {
            lab.cursor(LocalDate.of(2025, 10, day));
        }
        lab.at(Instant.parse("2025-10-20T13:00:00Z"));
        lab.cursor(LocalDate.of(2025, 10, 19));
        assertThat(
                        lab.database.rows(
                                """
                                select snapshot_date, charged_usd, unexplained_usd from analytics.cursor_spend_check
                                where user_email = 'alice@example.test' order by snapshot_date limit 1
                                """))
                .containsExactly(tuple(LocalDate.of(2025, 10, 19), usd("0.2"), usd("0")));
    }
}

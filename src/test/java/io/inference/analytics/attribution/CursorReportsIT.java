package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.NOW;
import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.devtools.Fault;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the views show of Cursor's charges and snapshots. */
class CursorReportsIT {

    private static final Instant NEXT_CYCLE = Instant.parse("2025-11-04T13:00:00Z");

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    /** Snapshots of Alice's spend from the 19th on, and one of the next cycle; their events cannot be read. */
    private static void importSnapshots() throws Exception {
        int[] cents = {5000, 5700, 5700, 5698, 5699, 300};
        long cycle = Instant.parse("2025-10-03T00:00:00Z").toEpochMilli();
        long nextCycle = Instant.parse("2025-11-03T00:00:00Z").toEpochMilli();
        for (int i = 0; i < cents.length; i++) {
            ObjectNode spend = (ObjectNode) ProviderLab.file("cursor-spend.json");
            spend.put("subscriptionCycleStart", i < 5 ? cycle : nextCycle);
            ((ObjectNode) spend.at("/teamMemberSpend/0"))
                    .put("spendCents", cents[i])
                    .put("hardLimitOverrideDollars", 7);
            lab.cursorApi.spend(spend);
            lab.cursorApi.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.at(i < 5 ? NOW.plusSeconds(86_400L * i) : NEXT_CYCLE);
            lab.cursor(LocalDate.of(2025, 10, 18 + i));
        }
        lab.at(NOW);
    }

    @Test
    void cursorsSpendOfADayIsTheDifferenceOfTwoSnapshots() throws Exception {
        importSnapshots();
        assertThat(
                        lab.database.rows(
                                """
                                select daily_spend_usd, fell from analytics.cursor_spending
                                where user_email = 'alice@example.test' order by snapshot_date
                                """))
                .as("57, 56.98 and 56.99 are a fall and a cent more; another cycle begins at 0")
                .extracting(
                        row -> row.toList().get(0),
                        row -> Boolean.TRUE.equals(row.toList().get(1)))
                .containsExactly(
                        tuple(usd("50"), false),
                        tuple(usd("7"), false),
                        tuple(usd("0"), false),
                        tuple(usd("0"), true),
                        tuple(usd("0.01"), false),
                        tuple(usd("3"), false));
        assertThat(
                        lab.database.rows(
                                """
                                select spend_cents, included_spend_cents, total_spend_cents, user_id, user_name, user_role,
                                       fast_premium_requests, monthly_limit_dollars, hard_limit_override_dollars, billing_cycle_start
                                from analytics.cursor_spending where user_email like 'alice@%' and snapshot_date = '2025-10-20'
                                """))
                .containsExactly(tuple(
                        usd("5700"),
                        usd("2000"),
                        usd("7700"),
                        "101",
                        "Alice Test",
                        "owner",
                        312L,
                        usd("100"),
                        usd("7"),
                        LocalDate.of(2025, 10, 3)));
    }

    @Test
    void cursorsMoneyHasItsOldNames() throws Exception {
        importSnapshots();
        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        events.add(((ObjectNode) events.get(0))
                .deepCopy()
                .put("kind", "User API Key")
                .put("chargedCents", 50));
        lab.cursorApi.events(events);
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.at(NEXT_CYCLE);
        lab.cursor(OCT_15);
        lab.seats().add(YearMonth.of(2025, 10), Tool.CURSOR, usd("40"), false, "test");
        assertThat(
                        lab.database.rows(
                                """
                                select expense_type, sum(amount_usd) from analytics.cursor_expenses
                                where expense_date < '2025-10-19' group by 1 order by 1
                                """))
                .containsExactly(
                        tuple("api_key", usd("0.5")),
                        tuple("subscription", usd("40")),
                        tuple("usage_based", usd("0.2136232")));
        assertThat(lab.sum("analytics.cursor_expenses", "amount_usd", "true"))
                .isEqualTo(lab.sum("analytics.vw_combined_daily_costs", "amount_usd", "provider = 'cursor'"));
        for (String view : List.of("cursor_usage_stats", "cursor_daily_metrics")) {
            assertThat(lab.database.rows(
                            """
                                    select activity_date, bugbot_usages, apply_most_used_extension, tab_most_used_extension, daily_spend_usd
                                    from analytics.%s where user_email like 'alice@%%' order by activity_date
                                    """
                                    .formatted(view)))
                    .as("%s: the first day has events and counters, the others only what a snapshot adds", view)
                    .containsExactly(
                            tuple(OCT_15, 3L, ".ts", ".tsx", usd("0.7136232")),
                            tuple(LocalDate.of(2025, 10, 19), null, null, null, usd("49.2863768")),
                            tuple(LocalDate.of(2025, 10, 20), null, null, null, usd("7")),
                            tuple(LocalDate.of(2025, 11, 4), null, null, null, usd("3")));
            assertThat(lab.sum("analytics." + view, "daily_spend_usd", "true"))
                    .as("%s leaves no charge out", view)
                    .isEqualTo(lab.sum("analytics.cursor_daily_cost", "amount_usd", "true"));
        }
    }
}

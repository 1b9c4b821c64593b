package io.inference.analytics.providers;

import static io.inference.analytics.providers.ProviderLab.OCT_15;
import static io.inference.analytics.providers.ProviderLab.OCT_16;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.devtools.FakeProviders.Fault;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Cursor's reports from a fake server to the tables. */
class CursorImportIT {

    private static ProviderLab lab;

    @BeforeAll
    static void begin() {
        lab = new ProviderLab();
    }

    @BeforeEach
    void reset() {
        lab.reset();
    }

    @AfterAll
    static void end() {
        lab.close();
    }

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
        lab.fake.cursorDaily(rows);
        lab.fake.cursorDaily(ProviderHttp.JSON.createArrayNode().add(neighbour).add(odd));
        ArrayNode events = ProviderLab.file("cursor-events.json").withArray("usageEvents");
        lab.fake.cursorEvents(events);
        // A twin, and one of the next day.
        lab.fake.cursorEvents(ProviderHttp.JSON
                .createArrayNode()
                .add(events.get(1).deepCopy())
                .add(((ObjectNode) events.get(0).deepCopy()).put("timestamp", "1760572800000")));
        lab.fake.cursorSpend(ProviderLab.file("cursor-spend.json"));
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
        assertThat(lab.validation().validate(Provider.CURSOR, OCT_15, Optional.of(new BigDecimal("0.21"))))
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
            lab.fake.cursorSpend(spend);
            lab.fake.fail("filtered-usage-events", Fault.FORBIDDEN);
            lab.at(i < 3 ? start.plusSeconds(86_400L * i) : Instant.parse("2025-11-04T13:00:00Z"));
            assertThat(imported(LocalDate.of(2025, 10, 18 + i))).isFalse();
        }
        assertThat(lab.database.text(
                        "select string_agg(cost_date || ' ' || amount_usd::float8, ', ' order by cost_date)"
                                + " from analytics.vw_combined_daily_costs where provider = 'cursor'"))
                .as("50, 57, 57 is 50, 7, 0; another cycle begins at 0")
                .isEqualTo("2025-10-19 50, 2025-10-20 7, 2025-11-04 3");
    }

    @Test
    void aHigherRateThanAllowedIsWaitedOutNotRunInto() throws Exception {
        lab.fake.limitCursor();
        lab.set("cursor-tries", "1");
        lab.set("cursor-requests-per-minute", "20");
        // Members twice, and three reports: five requests.
        lab.fake.cursorSpend(ProviderLab.file("cursor-spend.json"));
        assertThat(imported(OCT_15)).isTrue();
        assertThat(lab.fake.requests()).hasSize(5);
    }
}

package io.inference.analytics.bills;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read and asked for one day does not grow with the days before it, nor one by one with its rows. */
class ProviderHistoryIT {

    /** 400 days to 14 September; the team "blind" may not read events. */
    private static final String HISTORY =
            """
            insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, revision, run_id)
            select 'cursor', 'events', 'team', date '2025-09-15' - day, 'ok', 1, gen_random_uuid() from generate_series(1, 400) as day;
            insert into analytics.cursor_daily_usage (activity_date, organization_id, line_key, user_id, user_email, ingestion_timestamp,
                import_revision, run_id)
            select date '2025-09-15' - day, 'team', 'u' || u, u, 'u' || u || '@example.test', now(), 1, gen_random_uuid()
            from generate_series(1, 400) as day, generate_series(1, 20) as u;
            insert into analytics.cursor_usage_event (activity_date, organization_id, line_key, occurred_at, user_email, model, ordinal,
                charged_usd, ingestion_timestamp, import_revision, run_id)
            select date '2025-09-15' - day, 'team', 'u' || u, now(), 'u' || u || '@example.test', 'm', 1, 0.5, now(), 1, gen_random_uuid()
            from generate_series(1, 400) as day, generate_series(1, 20) as u;
            insert into analytics.cursor_spend_snapshot (activity_date, organization_id, line_key, billing_cycle_start, user_id, user_email,
                spend_usd, included_spend_usd, ingestion_timestamp, import_revision, run_id)
            select day, org, 'u' || u, date_trunc('month', day), u, 'u' || u || '@example.test', extract(day from day) * 0.25, 0, now(), 1,
                   gen_random_uuid()
            from (select date '2025-09-15' - day as day from generate_series(1, 400) as day) days, generate_series(1, 20) as u,
                 unnest(array['team', 'blind']) as org;
            analyze analytics.cursor_daily_usage, analytics.cursor_usage_event, analytics.cursor_spend_snapshot, analytics.provider_import_day;
            """;

    /** The day's 20 events, 20 counters and 40 snapshots, and the cycle's 14 snapshots of each of 20 users, some of them twice. */
    private static final long ROWS_MAX = 1_200;

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    /** On the 14th of the month, each user of "blind" has spent 0.25 more than the day before. */
    @ParameterizedTest
    @CsvSource({
        "cursor_usage_stats, activity_date, sum(daily_spend_usd), 15",
        "cursor_daily_cost, activity_date, sum(amount_usd), 15",
        "vw_combined_daily_costs, cost_date, sum(amount_usd), 15"
    })
    void aDayIsReadWithoutTheDaysBeforeItsCycle(String view, String day, String sum, BigDecimal expected)
            throws Exception {
        lab.database.execute(HISTORY);
        String query = "select %s from analytics.%s where %s = '2025-09-14'".formatted(sum, view, day);
        assertThat(lab.amount(query)).isEqualByComparingTo(expected);
        JsonNode plan =
                ProviderHttp.JSON.readTree(lab.database.text("explain (analyze, timing off, format json) " + query));
        assertThat(rows(plan.at("/0/Plan"))).isBetween(40L, ROWS_MAX);
    }

    /** Rows that the scans of tables have read. */
    private static long rows(JsonNode plan) {
        long read = 0;
        if (plan.path("Relation Name").asText().startsWith("cursor_")) {
            read = plan.path("Actual Loops").asLong()
                    * (plan.path("Actual Rows").asLong()
                            + plan.path("Rows Removed by Filter").asLong()
                            + plan.path("Rows Removed by Index Recheck").asLong());
        }
        for (JsonNode child : plan.path("Plans")) {
            read += rows(child);
        }
        return read;
    }

    @Test
    void linesThatVanishAreLookedUpTogether() throws Exception {
        ArrayNode lines = ProviderHttp.JSON.createArrayNode();
        for (int i = 0; i < 50; i++) {
            lines.add(((ObjectNode) ProviderLab.f1().get(0)).put("description", "line " + i));
        }
        lab.anthropicApi.cost(OCT_15, lines);
        lab.anthropic(OCT_15);
        lab.anthropicApi.cost(OCT_15, ProviderHttp.JSON.createArrayNode().add(lines.get(7)));
        AtomicInteger lookUps = new AtomicInteger();
        lab.jdbi().setSqlLogger(new SqlLogger() {
            @Override
            public void logBeforeExecution(StatementContext statement) {
                if (statement.getRenderedSql().contains("to_jsonb")) {
                    lookUps.incrementAndGet();
                }
            }
        });
        try {
            lab.anthropic(OCT_15);
        } finally {
            lab.jdbi().setSqlLogger(SqlLogger.NOP_SQL_LOGGER);
        }
        assertThat(lookUps).hasValue(1);
        assertThat(
                        lab.database.rows(
                                """
                                select count(*), count(distinct dimensions ->> 'description'), sum(delta), count(new_amount)
                                from analytics.provider_correction where dimensions ->> 'description' <> 'line 7'
                                """))
                .containsExactly(tuple(49L, 49L, ProviderLab.usd("-59.78"), 0L));
    }

    @Test
    void ofALongListOnlyAPartIsFetched() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        UnmappedCosts.Part all = lab.jdbi().withHandle(handle -> lab.unmapped().list(handle, 1_000));
        UnmappedCosts.Part one = lab.jdbi().withHandle(handle -> lab.unmapped().list(handle, 1));
        assertThat(all.entries()).hasSizeGreaterThan(1).hasSize(all.total());
        assertThat(one.entries()).containsExactly(all.entries().get(0));
        assertThat(one.total()).isEqualTo(all.total());
    }

    /** The pages of each organisation are deleted 90 days after its own last change of the day. */
    @Test
    void pagesOfOneOrganisationSayNothingAboutAnother() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.database.execute(
                """
                insert into analytics.claude_costs (activity_date, organization_id, line_key, cost_type, amount_usd, currency, ingestion_timestamp,
                    import_revision, run_id)
                values ('2025-10-15', 'other', '1', 'tokens', 7, 'USD', now(), 1, gen_random_uuid());
                select analytics.rebuild_claude_day('other', '2025-10-15');
                """);
        lab.assertLawsHold(OCT_15);
        lab.database.execute(
                "delete from analytics.claude_costs where organization_id <> 'other' and amount_usd = 1.22; select"
                        + " analytics.rebuild_claude_day(organization_id, '2025-10-15') from analytics.claude_costs group"
                        + " by organization_id");
        assertThat(lab.database.rows("select distinct law from analytics.provider_invariants('2025-10-15')"
                        + " where expected is distinct from found"))
                .as("a lost row of the organisation whose pages are there")
                .containsExactly(tuple(5L));
    }

    /** Of 50, 40 and 60 USD in a cycle, 60 were spent. */
    @Test
    void aSumThatFallsAndComesBackIsCountedOnce() {
        lab.database.execute(
                """
                insert into analytics.cursor_spend_snapshot (activity_date, organization_id, line_key, billing_cycle_start, user_id, user_email,
                    spend_usd, included_spend_usd, ingestion_timestamp, import_revision, run_id)
                select date '2025-10-14' + day, 'blind', 'u', '2025-10-03', '1', 'alice@example.test', spend, 0, now(), 1, gen_random_uuid()
                from (values (1, 50), (2, 40), (3, 60)) as snapshot (day, spend)
                """);
        assertThat(lab.database.rows(
                        "select activity_date, amount_usd from analytics.cursor_daily_cost order by activity_date"))
                .containsExactly(
                        tuple(OCT_15, ProviderLab.usd("50")), tuple(OCT_15.plusDays(2), ProviderLab.usd("10")));
    }
}

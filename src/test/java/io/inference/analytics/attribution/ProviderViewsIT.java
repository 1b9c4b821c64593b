package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.bills.ProviderLab;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What views say of keys, of months and weeks that are not whole, and of work on weekends. */
class ProviderViewsIT {

    @RegisterExtension
    private static final ProviderLab lab = new ProviderLab();

    @Test
    void aKeyIsMappedAsAttributionMapsItAndDueWhileItIsActive() throws Exception {
        lab.offerF1();
        lab.anthropic(OCT_15);
        lab.database.execute(
                """
                update analytics.provider_api_key set status = 'archived';
                insert into analytics.api_key_mapping (api_key_name, user_email, source, valid_from, created_at)
                values ('claude_code_key_alice_test', 'alice@example.test', 'manual_entry', '2025-01-01', now())
                """);
        assertThat(lab.database.rows(
                        "select rotation, mapped from analytics.vw_compliance_security order by name limit 1"))
                .containsExactly(tuple("not_active", true));
    }

    /** The eighteenth was a Saturday. */
    @Test
    void weekendsAreNoPartOfTheShareOfWorkingDays() throws Exception {
        lab.offerF1();
        lab.mapWorkspace();
        lab.anthropic(OCT_15);
        lab.database.execute(
                """
                update analytics.fact_claude_daily_usage set usage_date = '2025-10-18'
                where user_email = 'alice@example.test' and data_source = 'claude_code_analytics'
                """);
        assertThat(
                        lab.database.rows(
                                """
                                select active_days, engagement_percent from analytics.vw_productivity_metrics
                                where user_email = 'alice@example.test' and tool = 'claude_code'
                                """))
                .containsExactly(tuple(1L, usd("0")));
    }

    /** Reports of Claude Code have the key's name; its maker and its mapping have the id. */
    @Test
    void aKeyThatIsNamedBelongsToWhomItsIdBelongs() {
        lab.database.execute(
                """
                insert into analytics.provider_user (provider, user_id, email, is_active, last_updated)
                values ('anthropic', 'u1', 'bob@example.test', true, now());
                insert into analytics.provider_api_key (api_key_id, organization_id, provider, name, status, created_by_user_id, last_updated)
                select 'key_' || number, 'org', 'anthropic', case number when 1 then 'ci' else 'twice' end, 'active', 'u1', now()
                from generate_series(1, 3) number
                """);
        String who = "select user_email, method from analytics.claude_attribution('2025-10-15', null, '%s')";
        assertThat(lab.database.rows(who.formatted("ci"))).containsExactly(tuple("bob@example.test", "api_key_owner"));
        assertThat(lab.database.rows(who.formatted("twice")))
                .as("two keys have the name")
                .containsExactly(tuple(null, "fallback_unknown"));
        lab.database.execute(
                """
                insert into analytics.api_key_mapping (api_key_id, user_email, confidence, source, valid_from, created_at)
                values ('key_1', 'carol@example.test', 0.9, 'manual_entry', '2025-01-01', now())
                """);
        assertThat(lab.database.rows(who.formatted("ci")))
                .containsExactly(tuple("carol@example.test", "api_key_mapping"));
    }

    /** Of the seven days before the last, only one was imported. */
    @Test
    void theMeanOfAWeekIsThatOfItsImportedDays() throws Exception {
        lab.offerF1();
        for (int before : new int[] {8, 1}) {
            lab.anthropicApi.cost(OCT_15.minusDays(before), ProviderLab.f1());
            lab.anthropic(OCT_15.minusDays(before));
        }
        lab.anthropic(OCT_15);
        assertThat(lab.amount("select week_mean_usd from analytics.provider_cost_watch('2025-10-16')"))
                .isEqualTo(usd("22.72"));
    }

    @Test
    void aMonthIsComparedWithAsManyDaysAndNewOnlyOnce() {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        LocalDate month = today.withDayOfMonth(1);
        LocalDate last = month.minusDays(1);
        String cost =
                """
                insert into analytics.openai_costs (activity_date, organization_id, line_key, amount_usd, currency, ingestion_timestamp,
                    import_revision, run_id) values ('%s', 'openai', '1', %s, 'USD', now(), 1, gen_random_uuid())
                """;
        lab.database.execute(cost.formatted(month.minusMonths(1), "10"));
        lab.database.execute(cost.formatted(last, "90"));
        lab.database.execute(cost.formatted(month, "10"));
        lab.database.execute(cost.formatted(month.minusMonths(3), "5"));
        boolean whole = last.getDayOfMonth() <= Math.max(today.getDayOfMonth() - 1, 1);
        assertThat(lab.database.rows("select before_usd, change_band from analytics.vw_monthly_finance order by month"))
                .containsExactly(
                        tuple(null, "new"),
                        tuple(usd("0"), "much_changed"),
                        tuple(usd(whole ? "100" : "10"), whole ? "much_changed" : "stable"));
    }

    /** Zoe has charges and no counters, and Alice has two rows of counters. */
    @Test
    void chargesOfAUserStandInOneRowOfTheDay() {
        lab.database.execute(
                """
                insert into analytics.cursor_daily_usage (activity_date, organization_id, line_key, user_id, user_email, is_active,
                    ingestion_timestamp, import_revision, run_id)
                select '2025-10-15', 'team', id, id, 'alice@example.test', true, now(), 1, gen_random_uuid() from unnest(array['1', '2']) id;
                insert into analytics.cursor_usage_event (activity_date, organization_id, line_key, occurred_at, user_email, ordinal, charged_usd,
                    ingestion_timestamp, import_revision, run_id)
                select '2025-10-15', 'team', email, '2025-10-15T10:00:00Z', email, 1, 2.5, now(), 1, gen_random_uuid()
                from unnest(array['alice@example.test', 'zoe@example.test']) email
                """);
        assertThat(
                        lab.database.rows(
                                """
                                select user_email, line_key, daily_spend_usd from analytics.cursor_usage_stats order by user_email, line_key
                                """))
                .containsExactly(
                        tuple("alice@example.test", "1", usd("2.5")),
                        tuple("alice@example.test", "2", usd("0")),
                        tuple("zoe@example.test", null, usd("2.5")));
    }
}

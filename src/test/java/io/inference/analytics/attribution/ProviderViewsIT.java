package io.inference.analytics.attribution;

import static io.inference.analytics.bills.ProviderLab.OCT_15;
import static io.inference.analytics.bills.ProviderLab.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.inference.analytics.bills.ProviderLab;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What views say of keys that are no longer used and of work on weekends. */
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
}

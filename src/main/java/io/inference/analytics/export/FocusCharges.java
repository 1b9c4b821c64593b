package io.inference.analytics.export;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.ResultIterator;
import org.jdbi.v3.core.statement.Query;

/**
 * What providers billed an organisation, read in one snapshot: one charge per UTC day (or month),
 * account, workspace or project, model, kind of token, service tier and context window.
 *
 * <p>Charges are the shares of the bills whose key, workspace or project belongs to the
 * organisation. So the charges of all organisations add up to the bills once everything has an
 * owner.
 */
final class FocusCharges {

    private static final int FETCH_ROWS = 1_000;

    /** Receives each charge. */
    @FunctionalInterface
    interface Sink<E extends Exception> {
        void accept(FocusCharge charge) throws E, IOException;
    }

    /** The providers' names of the models that a file is limited to. */
    private static final String WANTED =
            """
            with named as (
                select bills.provider, coalesce(named.provider_model, models.name) as model
                from analytics.models
                left join analytics.provider_model named on named.model_id = models.model_id
                join (values ('anthropic'), ('openai')) as bills (provider) on bills.provider = coalesce(named.provider, bills.provider)
                where models.model_id = any (:models)
            ), wanted as (
                select provider, model from named
                union
                select alias.provider, alias.alias from named
                join analytics.provider_model_alias alias on (alias.provider, alias.provider_model) = (named.provider, named.model)
            )
            """;

    private static final String CHARGES = String.join(
            ", ",
            WANTED,
            AnthropicCharges.TABLES,
            OpenAiCharges.TABLES,
            """
            measured as (
                select * from anthropic
                union all
                select provider, day, organization_id, workspace_id, model, cost_type, token_type, service_tier, context_window, description,
                       named, credit, amount, quantity, unit, basis
                from openai
            )
            select greatest(period, :first) as first, least((period + step)::date, :end) as until, m.provider, m.organization_id,
                   m.workspace_id, w.name as workspace_name, model, cost_type, token_type, service_tier, context_window,
                   string_agg(distinct description, '; ') as description, sum(amount) as amount,
                   coalesce(sum(quantity), count(*)) as quantity, coalesce(counted.unit, 'Charges') as unit,
                   coalesce(counted.basis, 'Charges') as basis
            from measured m
            cross join lateral (select case when :monthly then interval '1 month' else interval '1 day' end as step,
                                       case when :monthly then date_trunc('month', day)::date else day end as period) as span
            cross join lateral (select case when quantity is not null then m.unit end as unit,
                                       case when quantity is not null then m.basis end as basis) as counted
            left join analytics.provider_workspace w on w.workspace_id = m.workspace_id
            group by period, step, m.provider, m.organization_id, m.workspace_id, w.name, model, cost_type, token_type, service_tier,
                     context_window, credit, named, counted.unit, counted.basis
            order by period, m.provider, m.organization_id, m.workspace_id nulls first, model nulls first, cost_type, token_type,
                     service_tier nulls first, context_window nulls first, credit, named, counted.unit nulls last, counted.basis
            """);

    private static final String TOTAL = WANTED
            + """
            select coalesce(sum(amount_usd), 0)
            from analytics.provider_org_costs
            where org_id = :org and activity_date >= :first and activity_date < :end
              and (:all or (provider, model) in (select provider, model from wanted))
            """;

    private final Handle handle;
    private final UUID org;
    private final ExportOrder order;
    private final FocusDays days;

    FocusCharges(Handle handle, UUID org, ExportOrder order) {
        this.handle = handle;
        this.org = org;
        this.order = order;
        this.days = FocusDays.of(order);
    }

    /** Gives every charge to the sink, by period. */
    <E extends Exception> void each(Sink<E> sink) throws E, IOException {
        try (ResultIterator<FocusCharge> charges = bound(CHARGES)
                .bind("monthly", order.granularity() == ExportGranularity.MONTHLY)
                .setFetchSize(FETCH_ROWS)
                .map(FocusCharge::of)
                .iterator()) {
            for (Iterator<FocusCharge> each = charges; each.hasNext(); ) {
                sink.accept(each.next());
            }
        }
    }

    /** The sum of the shares, without the charges that they are grouped to. */
    BigDecimal billed() {
        return bound(TOTAL).mapTo(BigDecimal.class).one();
    }

    /** Which of the days can be in a file. */
    FocusBills bills() {
        return FocusBills.read(handle, org, days);
    }

    private Query bound(String sql) {
        return handle.createQuery(sql)
                .bind("org", org)
                .bind("first", days.first())
                .bind("end", days.end())
                .bind("all", order.models().isEmpty())
                .bindArray("models", UUID.class, order.models());
    }
}

package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import java.math.BigDecimal;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Compares the bill of a day with its tokens at list prices. Neither side knows the other, so that
 * cents taken for dollars, or dollars for cents, cannot pass unnoticed.
 *
 * <p>Only Anthropic's reports have tokens next to a bill, and only models in the price book are
 * compared. Without a price, or below a cent, the check says nothing.
 */
final class UnitCheck {

    /** Batches cost half, and long contexts twice the list price: neither is a wrong unit. */
    private static final BigDecimal SHARE_MIN = new BigDecimal("0.2");

    private static final BigDecimal SHARE_MAX = new BigDecimal("5");

    /**
     * Tokens of the priority tier are left out, because the cost report does not bill them. So are
     * credits, which have no tokens. A model with tokens of a class that has no price is not
     * compared.
     */
    private static final String COMPARE =
            """
            with used as (
                select model, sum(uncached_input_tokens)::bigint as input, sum(output_tokens)::bigint as output,
                       sum(cache_read_input_tokens)::bigint as cache_read, sum(cache_creation_5m_tokens)::bigint as write_5m,
                       sum(cache_creation_1h_tokens)::bigint as write_1h
                from analytics.claude_usage_report
                where activity_date = :day and organization_id = :org and coalesce(service_tier, '') not like 'priority%'
                group by model
            ), listed as (
                select used.model, (select analytics.event_cost(price, input + cache_read + write_5m + write_1h, output, cache_read,
                                                                write_5m + write_1h, write_1h) * 0.01
                                    from analytics.models
                                    left join analytics.provider_model named on named.model_id = models.model_id and named.provider = :provider
                                    cross join lateral analytics.price_at(models.model_id, :start) price
                                    where coalesce(named.provider_model, models.name) = used.model
                                    order by price.valid_from desc, price.price_id desc limit 1) as usd
                from used
            ), billed as (
                select model, sum(amount_usd) as usd from analytics.claude_costs
                where activity_date = :day and organization_id = :org and cost_type = 'tokens' and amount_usd > 0
                group by model
            )
            select count(*) as models, coalesce(sum(listed.usd), 0) as listed, coalesce(sum(billed.usd), 0) as billed
            from listed left join billed using (model)
            where listed.usd is not null
            """;

    private record Compared(long models, BigDecimal listed, BigDecimal billed) {

        boolean near() {
            return listed.compareTo(DayChecks.TOLERANCE_USD) < 0
                    || (billed.compareTo(listed.multiply(SHARE_MIN)) >= 0
                            && billed.compareTo(listed.multiply(SHARE_MAX)) <= 0);
        }
    }

    private UnitCheck() {}

    /** A warning when the bill is below 0.2 or above 5 times the list prices. */
    static Optional<ProviderValidation.Checkpoint> warning(Handle handle, DayKey bill) {
        if (bill.dataset() != Dataset.COST) {
            return Optional.empty();
        }
        Compared day = handle.createQuery(COMPARE)
                .bind("provider", bill.dataset().provider())
                .bind("org", bill.orgRef())
                .bind("day", bill.day())
                .bind("start", bill.day().atStartOfDay(ZoneOffset.UTC).toInstant())
                .map(row -> new Compared(
                        row.getColumn("models", Long.class),
                        row.getColumn("listed", BigDecimal.class),
                        row.getColumn("billed", BigDecimal.class)))
                .one();
        return day.near()
                ? Optional.empty()
                : Optional.of(new ProviderValidation.Checkpoint(
                        "bill against list prices",
                        "%s to %s times %s USD, the tokens of %d models at list prices"
                                .formatted(SHARE_MIN, SHARE_MAX, ProviderValidation.plain(day.listed()), day.models()),
                        ProviderValidation.plain(day.billed()) + " USD",
                        true,
                        true));
    }
}

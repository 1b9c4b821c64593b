package io.inference.analytics.bills;

import java.math.BigDecimal;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Compares the bill of a day with its tokens at list prices. Neither side knows the other, so that
 * cents taken for dollars, or dollars for cents, cannot pass unnoticed.
 *
 * <p>Providers that bill no tokens, and models that are not in the price book, are not compared.
 * Below a cent of list prices, the check says nothing.
 */
final class UnitCheck {

    /** Batches cost half, and long contexts twice the list price: neither is a wrong unit. */
    private static final BigDecimal SHARE_MIN = new BigDecimal("0.2");

    private static final BigDecimal SHARE_MAX = new BigDecimal("5");

    /** A model with tokens of a class that has no price is not compared. */
    private static final String COMPARE =
            """
            with listed as (
                select bill.billed_usd,
                       (select analytics.event_cost(price, input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens,
                                                    output_tokens, cache_read_tokens, cache_write_5m_tokens + cache_write_1h_tokens,
                                                    cache_write_1h_tokens) * 0.01
                        from analytics.models
                        left join analytics.provider_model named on named.model_id = models.model_id and named.provider = bill.provider
                        cross join lateral analytics.price_at(models.model_id, :start) price
                        where coalesce(named.provider_model, models.name) = bill.model
                        order by price.valid_from desc, price.price_id desc limit 1) as usd
                from analytics.provider_token_bills bill
                where bill.provider = :provider and bill.organization_id = :org and bill.activity_date = :day
            )
            select count(*) as models, coalesce(sum(usd), 0) as listed, coalesce(sum(billed_usd), 0) as billed
            from listed where usd is not null
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

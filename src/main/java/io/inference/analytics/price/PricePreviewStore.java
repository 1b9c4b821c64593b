package io.inference.analytics.price;

import io.inference.analytics.database.LongReads;
import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Works out what a price would change, from the raw events; it writes nothing.
 *
 * <p>Bound: the events of one model of 31 days, within 20 s. A test compares it with a repricing after the price was added.
 */
@ApplicationScoped
class PricePreviewStore {

    /** A person waits for the preview. */
    private static final Duration STATEMENT_MAX = Duration.ofSeconds(20);

    /** As wide as the page of a month. */
    private static final Duration RANGE_MAX = Duration.ofDays(31);

    /** Of the price that holds now and the one asked for, the one that would hold, in the order of price_of(). */
    private static final String CHANGES =
            """
            select (occurred_at at time zone 'UTC')::date as day, count(*) as events,
                   coalesce(sum(old_cents), 0) as before, coalesce(sum(new_cents), 0) as after,
                   count(*) filter (where old_cents is null) as unpriced_before,
                   count(*) filter (where new_cents is null) as unpriced_after
            from (select e.occurred_at, e.cost_estimate_cents as old_cents,
                         case when :validFrom::timestamptz <= e.occurred_at
                                   and (:serviceTier::text is null or :serviceTier::text = e.service_tier)
                                   and (:contextWindow::text is null or :contextWindow::text = e.context_window)
                                   and (held.price_id is null
                                        or (:serviceTier::text is null, :contextWindow::text is null)
                                           < (held.service_tier is null, held.context_window is null)
                                        or (:serviceTier::text is null, :contextWindow::text is null)
                                           = (held.service_tier is null, held.context_window is null)
                                           and :validFrom::timestamptz >= held.valid_from)
                              then analytics.event_cost(
                                       jsonb_populate_record(null::analytics.model_prices, jsonb_build_object(
                                           'input_usd', :input::numeric, 'output_usd', :output::numeric,
                                           'cache_read_usd', :cacheRead::numeric, 'cache_write_5m_usd', :cacheWrite::numeric,
                                           'cache_write_1h_usd', :cacheWrite1h::numeric)),
                                       e.input_tokens, e.output_tokens, e.cache_read_input_tokens, e.cache_write_input_tokens,
                                       e.cache_write_1h_input_tokens)
                              else held.cents end as new_cents
                  from analytics.usage_events e
                  left join lateral (
                      select q.price_id, q.service_tier, q.context_window, q.valid_from,
                             analytics.event_cost(q, e.input_tokens, e.output_tokens, e.cache_read_input_tokens,
                                                  e.cache_write_input_tokens, e.cache_write_1h_input_tokens) as cents
                      from (%s) q) held on true
                  where e.model_id = :model and e.occurred_at >= :start and e.occurred_at < :end
                    and (e.cost_estimate_cents is null or e.priced_by is not null)) compared
            where old_cents is distinct from new_cents
            group by 1
            order by 1
            """
                    .formatted(PriceBook.OF_EVENT);

    private final LongReads database;
    private final Retention retention;
    private final Clock clock;

    PricePreviewStore(LongReads database, Retention retention, Clock clock) {
        this.database = database;
        this.retention = retention;
        this.clock = clock;
    }

    /** @throws io.inference.analytics.platform.Failure.Unavailable when it takes too long */
    PricePreview preview(Price price) {
        Instant end = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Instant start = latest(price.validFrom(), end.minus(RANGE_MAX), Retention.availableFrom(end, retention.raw()));
        if (start.isAfter(end)) {
            return PricePreview.of(end, end, List.of());
        }
        return PricePreview.of(start, end, database.read(STATEMENT_MAX, handle -> changes(handle, price, start, end)));
    }

    private static Instant latest(Instant... times) {
        return Arrays.stream(times).max(Instant::compareTo).orElseThrow();
    }

    private static List<PricePreview.Sum> changes(Handle handle, Price price, Instant start, Instant end) {
        return PriceBook.bind(handle.createQuery(CHANGES), price)
                .bind("start", start)
                .bind("end", end)
                .map(row -> new PricePreview.Sum(
                        row.getColumn("day", LocalDate.class),
                        row.getColumn("events", Long.class),
                        row.getColumn("before", BigDecimal.class),
                        row.getColumn("after", BigDecimal.class),
                        row.getColumn("unpriced_before", Long.class),
                        row.getColumn("unpriced_after", Long.class)))
                .list();
    }
}

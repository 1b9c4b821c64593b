package io.inference.analytics.price;

import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.platform.AdvisoryLock;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** The prices. Entries are added and never changed; a mistake is put right by a newer version from the same time. */
@ApplicationScoped
public class PriceBook {

    /**
     * The price of event {@code e}, as the database's function price_of() says. In this form the workers of flavour citus can look it
     * up next to the event.
     */
    static final String OF_EVENT =
            """
            select * from analytics.model_prices
            where model_id = e.model_id and valid_from <= e.occurred_at and (service_tier is null or service_tier = e.service_tier)
              and (context_window is null or context_window = e.context_window)
            order by service_tier is null, context_window is null, valid_from desc, version desc
            limit 1
            """;

    private static final String LOCK = "select pg_advisory_xact_lock(" + AdvisoryLock.PRICE_BOOK.key() + ")";

    /**
     * In flavour citus each worker has a copy of the book. While one of them may have an older copy, because the commit of a change is
     * in doubt there, the guards hold its batches up.
     */
    private static final String ENTER_LANE = "select analytics.enter_lane_alone()";

    private static final String ADD =
            """
            insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd,
                cache_write_1h_usd, service_tier, context_window, author, reason, created_at)
            select :model, coalesce(max(version), 0) + 1, :validFrom, :input, :output, :cacheRead, :cacheWrite,
                :cacheWrite1h, :serviceTier, :contextWindow, :author, :reason, :now
            from analytics.model_prices where model_id = :model
            returning version
            """;

    private static final String LIST =
            """
            select model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, service_tier,
                   context_window, author, reason, created_at
            from analytics.model_prices where :model::uuid is null or model_id = :model
            order by model_id, valid_from, version
            """;

    /** What was added, newest first; one more than is shown says whether another page follows. */
    private static final String HISTORY =
            """
            select price_id, model_id, models.name as model_name, version, valid_from, input_usd, output_usd, cache_read_usd,
                   cache_write_5m_usd, cache_write_1h_usd, service_tier, context_window, author, reason, created_at
            from analytics.model_prices left join analytics.models using (model_id)
            where (:model::uuid is null or model_id = :model) and (:before::bigint is null or price_id < :before)
              and (:version::int is null or version = :version)
            order by price_id desc limit :limit
            """;

    /** The newest entry of that scope from that time, if it is the same price. */
    private static final String SAME =
            """
            select version from (
                select * from analytics.model_prices
                where model_id = :model and valid_from = :validFrom and service_tier is not distinct from :serviceTier::text
                  and context_window is not distinct from :contextWindow::text
                order by version desc limit 1) newest
            where input_usd = :input and output_usd = :output and cache_read_usd is not distinct from :cacheRead::numeric
              and cache_write_5m_usd is not distinct from :cacheWrite::numeric
              and cache_write_1h_usd is not distinct from :cacheWrite1h::numeric
            """;

    private record Found(long id, PriceHistory.Entry entry) {}

    private final Jdbi jdbi;
    private final StorageFlavour.Found flavour;
    private final Clock clock;

    PriceBook(Jdbi jdbi, StorageFlavour.Found flavour, Clock clock) {
        this.jdbi = jdbi;
        this.flavour = flavour;
        this.clock = clock;
    }

    /**
     * Adds an entry.
     *
     * @return its version, which counts the entries of the model from 1
     */
    public int add(Price price, String author, String reason) {
        return jdbi.inTransaction(handle -> {
            handle.execute(LOCK);
            return insert(handle, price, author, reason);
        });
    }

    private int insert(Handle handle, Price price, String author, String reason) {
        if (flavour.flavour() == StorageFlavour.CITUS) {
            handle.execute(ENTER_LANE);
        }
        return bind(handle.createQuery(ADD), price)
                .bind("author", author)
                .bind("reason", reason)
                .bind("now", clock.instant())
                .mapTo(Integer.class)
                .one();
    }

    /** Adds an entry in the caller's transaction, unless the newest one from that time is the same price. */
    PriceHistory.Entry addOnce(Handle handle, Price price, String author, String reason) {
        handle.execute(LOCK);
        int version = bind(handle.createQuery(SAME), price)
                .mapTo(Integer.class)
                .findOne()
                .orElseGet(() -> insert(handle, price, author, reason));
        return found(handle, new PriceQuery(Optional.of(price.model()), Optional.empty(), 1), Optional.of(version))
                .get(0)
                .entry();
    }

    /** A page of what was added, newest first. */
    PriceHistory history(Handle handle, PriceQuery query) {
        List<Found> found = found(handle, query, Optional.empty());
        boolean more = found.size() > query.limit();
        List<Found> shown = more ? found.subList(0, query.limit()) : found;
        return new PriceHistory(
                shown.stream().map(Found::entry).toList(),
                more ? Long.toString(shown.get(shown.size() - 1).id()) : null);
    }

    private static List<Found> found(Handle handle, PriceQuery query, Optional<Integer> version) {
        return handle.createQuery(HISTORY)
                .bind("model", query.model())
                .bind("before", query.before())
                .bind("version", version)
                .bind("limit", query.limit() + 1)
                .map(row -> new Found(
                        row.getColumn("price_id", Long.class),
                        PriceHistory.Entry.of(entry(row), row.getColumn("model_name", String.class))))
                .list();
    }

    /** Binds what a price is. */
    static Query bind(Query query, Price price) {
        return query.bind("model", price.model())
                .bind("validFrom", price.validFrom())
                .bind("input", price.input())
                .bind("output", price.output())
                .bind("cacheRead", price.cacheRead())
                .bind("cacheWrite", price.cacheWrite())
                .bind("cacheWrite1h", price.cacheWrite1h())
                .bind("serviceTier", price.scope().serviceTier())
                .bind("contextWindow", price.scope().contextWindow());
    }

    /** All entries, of one model or of all, by model and time. */
    public List<Price.Entry> list(Optional<UUID> model) {
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .bind("model", model)
                .map(PriceBook::entry)
                .list());
    }

    private static Price.Entry entry(RowView row) {
        return new Price.Entry(
                new Price(
                        row.getColumn("model_id", UUID.class),
                        row.getColumn("valid_from", Instant.class),
                        row.getColumn("input_usd", BigDecimal.class),
                        row.getColumn("output_usd", BigDecimal.class),
                        Optional.ofNullable(row.getColumn("cache_read_usd", BigDecimal.class)),
                        Optional.ofNullable(row.getColumn("cache_write_5m_usd", BigDecimal.class)),
                        Optional.ofNullable(row.getColumn("cache_write_1h_usd", BigDecimal.class)),
                        new PriceScope(
                                Optional.ofNullable(row.getColumn("service_tier", String.class)),
                                Optional.ofNullable(row.getColumn("context_window", String.class)))),
                row.getColumn("version", Integer.class),
                row.getColumn("author", String.class),
                row.getColumn("reason", String.class),
                row.getColumn("created_at", Instant.class));
    }
}

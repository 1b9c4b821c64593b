package io.inference.analytics.price;

import io.inference.analytics.platform.AdvisoryLock;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;

/** The prices. Entries are added and never changed; a mistake is put right by a newer version from the same time. */
@ApplicationScoped
public class PriceBook {

    private static final String LOCK = "select pg_advisory_xact_lock(" + AdvisoryLock.PRICE_BOOK.key() + ")";

    private static final String ADD =
            """
            insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd,
                cache_write_1h_usd, author, reason, created_at)
            select :model, coalesce(max(version), 0) + 1, :validFrom, :input, :output, :cacheRead, :cacheWrite,
                :cacheWrite1h, :author, :reason, :now
            from analytics.model_prices where model_id = :model
            returning version
            """;

    private static final String LIST =
            """
            select model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, author,
                   reason, created_at
            from analytics.model_prices where :model::uuid is null or model_id = :model
            order by model_id, valid_from, version
            """;

    private final Jdbi jdbi;
    private final Clock clock;

    PriceBook(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
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
            return handle.createQuery(ADD)
                    .bind("model", price.model())
                    .bind("validFrom", price.validFrom())
                    .bind("input", price.input())
                    .bind("output", price.output())
                    .bind("cacheRead", price.cacheRead())
                    .bind("cacheWrite", price.cacheWrite())
                    .bind("cacheWrite1h", price.cacheWrite1h())
                    .bind("author", author)
                    .bind("reason", reason)
                    .bind("now", clock.instant())
                    .mapTo(Integer.class)
                    .one();
        });
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
                        Optional.ofNullable(row.getColumn("cache_write_1h_usd", BigDecimal.class))),
                row.getColumn("version", Integer.class),
                row.getColumn("author", String.class),
                row.getColumn("reason", String.class),
                row.getColumn("created_at", Instant.class));
    }
}

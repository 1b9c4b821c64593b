package io.inference.analytics.price;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The prices. Entries are added and never changed; a mistake is put right by a newer version from the same time. */
@ApplicationScoped
public class PriceBook {

    private static final String LOCK = "select pg_advisory_xact_lock(hashtext('analytics.model_prices'))";

    private static final String ADD =
            """
            insert into analytics.model_prices (model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd,
                cache_write_1h_usd, author, reason, created_at)
            select ?, coalesce(max(version), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?
            from analytics.model_prices where model_id = ?
            returning version
            """;

    private static final String LIST =
            """
            select model_id, version, valid_from, input_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, author,
                   reason, created_at
            from analytics.model_prices where ?::uuid is null or model_id = ?
            order by model_id, valid_from, version
            """;

    private final DataSource dataSource;
    private final Clock clock;

    PriceBook(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** Adds an entry. @return its version */
    public int add(Price price, String author, String reason) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try (PreparedStatement lock = connection.prepareStatement(LOCK);
                    PreparedStatement add = connection.prepareStatement(ADD)) {
                lock.execute();
                add.setObject(1, price.model());
                add.setObject(2, utc(price.validFrom()));
                add.setBigDecimal(3, price.input());
                add.setBigDecimal(4, price.output());
                add.setBigDecimal(5, price.cacheRead().orElse(null));
                add.setBigDecimal(6, price.cacheWrite().orElse(null));
                add.setBigDecimal(7, price.cacheWrite1h().orElse(null));
                add.setString(8, author);
                add.setString(9, reason);
                add.setObject(10, utc(clock.instant()));
                add.setObject(11, price.model());
                int version;
                try (ResultSet row = add.executeQuery()) {
                    row.next();
                    version = row.getInt(1);
                }
                connection.commit();
                return version;
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    /** All entries, of one model or of all, by model and time. */
    public List<Price.Entry> list(Optional<UUID> model) throws SQLException {
        List<Price.Entry> entries = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(LIST)) {
            select.setObject(1, model.orElse(null));
            select.setObject(2, model.orElse(null));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    entries.add(new Price.Entry(
                            new Price(
                                    row.getObject(1, UUID.class),
                                    row.getObject(3, OffsetDateTime.class).toInstant(),
                                    row.getBigDecimal(4),
                                    row.getBigDecimal(5),
                                    Optional.ofNullable(row.getBigDecimal(6)),
                                    Optional.ofNullable(row.getBigDecimal(7)),
                                    Optional.ofNullable(row.getBigDecimal(8))),
                            row.getInt(2),
                            row.getString(9),
                            row.getString(10),
                            row.getObject(11, OffsetDateTime.class).toInstant()));
                }
            }
        }
        return entries;
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}

package io.inference.analytics.testing;

import java.math.BigDecimal;
import java.net.URI;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.assertj.core.groups.Tuple;
import org.postgresql.ds.PGSimpleDataSource;

/** Plain SQL for tests, one connection a call. */
public final class Sql {

    private final DataSource dataSource;

    public Sql(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** @param databaseUrl {@code postgres://user:password@host:port/database} */
    public Sql(String databaseUrl) {
        this(at(databaseUrl));
    }

    /** @param databaseUrl {@code postgres://user:password@host:port/database} */
    public static PGSimpleDataSource at(String databaseUrl) {
        URI database = URI.create(databaseUrl);
        String[] user = database.getUserInfo().split(":", 2);
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl("jdbc:postgresql://" + database.getHost() + ":" + database.getPort() + database.getPath());
        source.setUser(user[0]);
        source.setPassword(user[1]);
        return source;
    }

    public DataSource dataSource() {
        return dataSource;
    }

    /** The first column of the first row. */
    public long number(String query) {
        return Long.parseLong(text(query));
    }

    /** The first column of the first row. */
    public String text(String query) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(query, e);
        }
    }

    /**
     * The rows of a query, to compare with AssertJ's {@code tuple}: whole numbers as long, others as
     * exact decimals without trailing zeros, days as {@link java.time.LocalDate}, times as
     * {@link java.time.Instant}, and arrays as a list.
     */
    public List<Tuple> rows(String query) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<Tuple> found = new ArrayList<>();
            while (rows.next()) {
                List<Object> row = new ArrayList<>();
                for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                    row.add(plain(rows.getObject(column)));
                }
                found.add(new Tuple(row.toArray()));
            }
            return found;
        } catch (SQLException e) {
            throw new IllegalStateException(query, e);
        }
    }

    private static Object plain(Object value) throws SQLException {
        if (value instanceof Integer || value instanceof Short) {
            return ((Number) value).longValue();
        }
        if (value instanceof BigDecimal decimal) {
            return decimal.stripTrailingZeros();
        }
        if (value instanceof Date day) {
            return day.toLocalDate();
        }
        if (value instanceof Timestamp time) {
            return time.toInstant();
        }
        if (value instanceof Array array) {
            return List.of((Object[]) array.getArray());
        }
        return value;
    }

    /** @return rows changed */
    public int execute(String sql) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
            return statement.getUpdateCount();
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}

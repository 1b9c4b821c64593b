package io.inference.analytics.testing;

import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.ds.PGSimpleDataSource;

/** Plain SQL for tests without Quarkus, one connection a call. */
public final class Sql {

    private final String jdbcUrl;
    private final String[] user;

    /** @param databaseUrl {@code postgres://user:password@host:port/database} */
    public Sql(String databaseUrl) {
        URI uri = URI.create(databaseUrl);
        jdbcUrl = "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath();
        user = uri.getUserInfo().split(":", 2);
    }

    public PGSimpleDataSource dataSource() {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(jdbcUrl);
        source.setUser(user[0]);
        source.setPassword(user[1]);
        return source;
    }

    /** The first column of the first row. */
    public long number(String query) {
        return Long.parseLong(text(query));
    }

    /** The first column of the first row. */
    public String text(String query) {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(query, e);
        }
    }

    /** @return rows changed */
    public int execute(String sql) {
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
            return statement.getUpdateCount();
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private Connection open() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, user[0], user[1]);
    }
}

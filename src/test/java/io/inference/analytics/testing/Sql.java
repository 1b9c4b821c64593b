package io.inference.analytics.testing;

import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
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

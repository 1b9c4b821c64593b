package io.inference.analytics.database;

import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * How long a migration waits for each lock. While it waits for a table, every other statement on that table queues behind it: a
 * long export would stop the version before from storing events. On failure the migration is rolled back as a whole, with SQLState
 * 55P03, and can be tried again.
 */
final class LockLimit extends BaseCallback {

    /** {@link Migrations} tries again. */
    static final LockLimit OF_A_COMMAND = new LockLimit("2s");

    /** The start ends instead, so it waits for what is short, such as a job of TimescaleDB. */
    static final LockLimit OF_A_START = new LockLimit("10s");

    private final String statement;

    private LockLimit(String limit) {
        this.statement = "set local lock_timeout = '" + limit + "'";
    }

    @Override
    public boolean supports(Event event, Context context) {
        return event == Event.BEFORE_EACH_MIGRATE;
    }

    @Override
    public void handle(Event event, Context context) {
        try (Statement limit = context.getConnection().createStatement()) {
            limit.execute(statement);
        } catch (SQLException e) {
            throw new FlywayException(statement, e);
        }
    }
}

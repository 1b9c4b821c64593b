package io.inference.analytics.ingest;

import io.inference.analytics.database.StorageFlavour;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Where the events of a batch lie until they are stored, and the statements that differ with the place.
 *
 * <p>A session's own temporary table, or with flavour citus a table that is distributed as the events are. There, each worker prices
 * and stores what it has of the batch, and batches tell their rows apart by {@code batch_id} (ADR 33).
 */
enum EventStage {
    OF_SESSION("batch_stage") {
        @Override
        void open(Connection connection) throws SQLException {
            execute(
                    connection,
                    """
                    set client_min_messages = warning;
                    create temporary table if not exists batch_stage (seq integer not null, like analytics.usage_events)
                    on commit delete rows
                    """);
        }

        @Override
        String rows(long batchId) {
            return "true";
        }

        /** Every batch that has committed is visible behind the locks of its organisations. */
        @Override
        void guard(Connection connection, long batchId, int orgs) {}

        @Override
        void price(Connection connection, long batchId) throws SQLException {
            execute(connection, "select analytics.price_stage_by_tier()");
        }

        @Override
        void rollUp(Connection connection, long batchId) throws SQLException {
            execute(connection, "select analytics.roll_up_stage()");
        }

        /** The end of the transaction does. */
        @Override
        void empty(Connection connection, long batchId) {}
    },
    DISTRIBUTED("analytics.ingest_stage") {
        @Override
        void open(Connection connection) {}

        @Override
        String rows(long batchId) {
            return "staged.batch_id = " + batchId;
        }

        /**
         * A worker that crashed after a batch was committed, and before it could make the batch's rows visible, keeps their guards
         * locked until it has.
         */
        @Override
        void guard(Connection connection, long batchId, int orgs) throws SQLException {
            execute(connection, "select analytics.guard_batch(" + batchId + ", " + orgs + ")");
        }

        @Override
        void price(Connection connection, long batchId) throws SQLException {
            execute(connection, "select analytics.price_batch(" + batchId + ")");
        }

        @Override
        void rollUp(Connection connection, long batchId) throws SQLException {
            execute(connection, "select analytics.roll_up_batch(" + batchId + ")");
        }

        @Override
        void empty(Connection connection, long batchId) throws SQLException {
            execute(connection, "delete from analytics.ingest_stage staged where " + rows(batchId));
        }
    };

    private final String table;

    EventStage(String table) {
        this.table = table;
    }

    static EventStage of(StorageFlavour flavour) {
        return switch (flavour) {
            case TIMESCALE, POSTGRES -> OF_SESSION;
            case CITUS -> DISTRIBUTED;
        };
    }

    String table() {
        return table;
    }

    abstract void open(Connection connection) throws SQLException;

    /** The condition on {@code staged} that leaves the rows of the batch. */
    abstract String rows(long batchId);

    /**
     * Waits, once the organisations are locked, for what the locks do not cover.
     *
     * @param orgs how many organisations have events in the batch
     */
    abstract void guard(Connection connection, long batchId, int orgs) throws SQLException;

    abstract void price(Connection connection, long batchId) throws SQLException;

    abstract void rollUp(Connection connection, long batchId) throws SQLException;

    abstract void empty(Connection connection, long batchId) throws SQLException;

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

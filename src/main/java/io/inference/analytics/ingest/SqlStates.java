package io.inference.analytics.ingest;

import java.sql.SQLException;

/** What a database error means for a batch, by SQLState alone (PostgreSQL documentation, appendix A). */
final class SqlStates {

    private static final String UNIQUE_VIOLATION = "23505";
    private static final String CHECK_VIOLATION = "23514";

    private SqlStates() {}

    /** Class 22 (data) or 23 (integrity): a row of the batch is at fault, trying again does not help. */
    static boolean refusesRow(SQLException e) {
        String state = e.getSQLState();
        return state != null && !state.equals(UNIQUE_VIOLATION) && (state.startsWith("22") || state.startsWith("23"));
    }

    /** Among others "no partition of relation found for row". */
    static boolean mayLackPartition(SQLException e) {
        return CHECK_VIOLATION.equals(e.getSQLState());
    }
}

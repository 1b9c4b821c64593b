package io.inference.analytics.bills;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Map;
import java.util.SortedSet;
import java.util.UUID;

/** The books of the runs, and the locks under which a run holds its days. */
@ApplicationScoped
public class ImportRuns {

    private static final String LOCK_TIMED_OUT = "55P03";
    private static final String LOCK_TIMEOUT = "set lock_timeout = '120s'; set statement_timeout = '300s'";
    private static final String LIMITS_DEFAULT = "reset lock_timeout; reset statement_timeout";
    private static final String LOCK = "select pg_advisory_lock(" + AdvisoryLock.PROVIDER_DAY.key() + ")";
    private static final String UNLOCK = "select pg_advisory_unlock(" + AdvisoryLock.PROVIDER_DAY.key() + ")";

    private static final String BEGIN_RUN =
            """
            insert into analytics.provider_import_run (run_id, provider, kind, from_date, to_date, started_at, status, requested_by)
            values (?, ?, ?, ?, ?, ?, 'running', ?)
            """;

    private static final String END_RUN =
            "update analytics.provider_import_run set finished_at = ?, status = ?, counters = ?::jsonb where run_id = ?";

    private static final String ABANDONED =
            "update analytics.provider_import_run set finished_at = ?, status = 'failed' where status = 'running' and started_at < ?";

    /** No run takes that long; one that says so belongs to a process that died. */
    private static final Duration RUN_MAX = Duration.ofHours(24);

    private final Clock clock;

    ImportRuns(Clock clock) {
        this.clock = clock;
    }

    public void begin(
            Connection connection, UUID runId, Provider provider, RunKind kind, SortedSet<LocalDate> dates, String by)
            throws SQLException {
        try (PreparedStatement end = connection.prepareStatement(ABANDONED)) {
            end.setObject(1, DayImport.utc(clock.instant()));
            end.setObject(2, DayImport.utc(clock.instant().minus(RUN_MAX)));
            end.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(BEGIN_RUN)) {
            insert.setObject(1, runId);
            insert.setString(2, provider.wireName());
            insert.setString(3, kind.wireName());
            insert.setObject(4, dates.first());
            insert.setObject(5, dates.last());
            insert.setObject(6, DayImport.utc(clock.instant()));
            insert.setString(7, by);
            insert.executeUpdate();
        }
    }

    public void end(Connection connection, UUID runId, String status, Map<ImportStatus, Integer> counts)
            throws SQLException {
        ObjectNode counters = ProviderHttp.JSON.createObjectNode();
        counts.forEach((counted, days) -> counters.put(counted.wireName(), days));
        try (PreparedStatement update = connection.prepareStatement(END_RUN)) {
            update.setObject(1, DayImport.utc(clock.instant()));
            update.setString(2, status);
            update.setString(3, counters.toString());
            update.setObject(4, runId);
            update.executeUpdate();
        }
    }

    /**
     * Waits until no other process imports any of these days, and keeps it so for the session: a process that dies lets go. Always
     * in the order of the days, so that two can not wait for each other. {@link #unlock} is due whether this succeeds or not.
     *
     * @throws Failure.Unavailable when another process keeps one of them for two minutes
     */
    public void lock(Connection connection, Dataset dataset, String orgRef, SortedSet<LocalDate> days)
            throws SQLException {
        execute(connection, LOCK_TIMEOUT);
        for (LocalDate day : days) {
            try {
                advisory(connection, LOCK, dataset, orgRef, day);
            } catch (SQLException e) {
                if (LOCK_TIMED_OUT.equals(e.getSQLState())) {
                    throw new Failure.Unavailable(
                            "another process imports %s of %s (expected: done within two minutes); try again later"
                                    .formatted(dataset.wireName(), day),
                            Duration.ofMinutes(2),
                            e);
                }
                throw e;
            }
        }
    }

    /** Lets go of what {@link #lock} got. */
    public void unlock(Connection connection, Dataset dataset, String orgRef, Collection<LocalDate> days)
            throws SQLException {
        for (LocalDate day : days) {
            advisory(connection, UNLOCK, dataset, orgRef, day);
        }
        execute(connection, LIMITS_DEFAULT);
    }

    private static void advisory(Connection connection, String sql, Dataset dataset, String orgRef, LocalDate day)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, dataset.provider().wireName());
            statement.setString(2, dataset.wireName());
            statement.setString(3, orgRef);
            statement.setString(4, day.toString());
            statement.execute();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

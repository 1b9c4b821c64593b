package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Jobs as workers see them. A job is held by whoever knows its token, until the lease ends; each method that ends a hold does
 * nothing and says so when the hold has ended already, so of two processes that believe to hold a job only one can finish it.
 * Leases are measured by the database's clock, which all processes share.
 */
@ApplicationScoped
class ExportLedger {

    // Restatements of one month are made one after the other, so that the latest file is the last one.
    private static final String CLAIM =
            """
            update analytics.export_jobs set
                status = 'running', tries = tries + 1, faults = faults + 1, row_count = 0, lease_token = ?,
                leased_until = now() + ? * interval '1 millisecond', started_at = coalesce(started_at, ?)
            where job_id = (
                select job_id from analytics.export_jobs as job
                where (status = 'pending' and not_before <= now() or status = 'running' and leased_until < now())
                  and (month is null or not exists (
                      select from analytics.export_jobs as earlier
                      where earlier.org_id = job.org_id and earlier.month = job.month and earlier.revision < job.revision
                        and earlier.status in ('pending', 'running')))
                order by created_at
                limit 1
                for update skip locked)
            returning %s
            """
                    .formatted(ExportJobStore.COLUMNS);

    private static final String RENEW =
            """
            update analytics.export_jobs set leased_until = now() + ? * interval '1 millisecond', row_count = ?
            where job_id = ? and lease_token = ? and status = 'running'
            """;

    private static final String RETRY =
            """
            update analytics.export_jobs set
                status = 'pending', not_before = now() + ? * interval '1 millisecond', last_problem = ?, row_count = 0,
                faults = faults - ?, lease_token = null, leased_until = null
            where job_id = ? and lease_token = ? and status = 'running'
            """;

    private static final String FAIL =
            """
            update analytics.export_jobs set
                status = 'failed', error = ?, last_problem = coalesce(?, last_problem), reconciliation = ?::jsonb, completed_at = ?,
                clean_up = true, lease_token = null, leased_until = null
            where job_id = ? and lease_token = ? and status = 'running'
            """;

    private static final String SUCCEED =
            """
            update analytics.export_jobs set
                status = 'succeeded', row_count = ?, size_bytes = ?, checksum = ?, totals = ?::jsonb, reconciliation = ?::jsonb,
                difference = ?::jsonb, completed_at = ?, expires_at = ?, last_problem = null, lease_token = null, leased_until = null
            where job_id = ? and lease_token = ? and status = 'running'
            """;

    private static final String PREVIOUS =
            """
            select %s from analytics.export_jobs
            where org_id = ? and month = ? and revision < ? and status in ('succeeded', 'expired')
            order by revision desc limit 1
            """
                    .formatted(ExportJobStore.COLUMNS);

    /** A job in somebody's hands. */
    record Hold(ExportJob job, UUID token) {}

    /**
     * What came of a job that went well.
     *
     * @param checksum SHA-256 of the file, hex
     */
    record Result(
            long rows,
            long bytes,
            String checksum,
            JsonNode totals,
            JsonNode reconciliation,
            Optional<JsonNode> difference) {}

    private final DataSource dataSource;
    private final Clock clock;

    ExportLedger(DataSource dataSource, Clock clock) {
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /** The oldest job that is free, if there is one; those of a holder that is silent for too long are free again. */
    Optional<Hold> claim(Duration lease) throws SQLException {
        UUID token = UUID.randomUUID();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement update = connection.prepareStatement(CLAIM)) {
            update.setObject(1, token);
            update.setLong(2, lease.toMillis());
            update.setObject(3, ExportJobStore.utc(clock.instant()));
            try (ResultSet rows = update.executeQuery()) {
                return rows.next() ? Optional.of(new Hold(ExportJobStore.job(rows), token)) : Optional.empty();
            }
        }
    }

    /** Prolongs the hold and tells how far it got; false when the hold has ended. */
    boolean renew(Hold hold, Duration lease, long rowsSoFar) throws SQLException {
        return update(RENEW, hold, lease.toMillis(), rowsSoFar);
    }

    /**
     * Gives the job back, to be tried again after a pause.
     *
     * @param blameless whether this try does not count against the job
     */
    boolean retry(Hold hold, Duration pause, String problem, boolean blameless) throws SQLException {
        return update(RETRY, hold, pause.toMillis(), problem, blameless ? 1 : 0);
    }

    boolean fail(Hold hold, String error, Optional<String> problem, Optional<JsonNode> reconciliation)
            throws SQLException {
        return update(
                FAIL,
                hold,
                error,
                problem.orElse(null),
                reconciliation.map(JsonNode::toString).orElse(null),
                ExportJobStore.utc(clock.instant()));
    }

    boolean succeed(Hold hold, Result result, Instant expiresAt) throws SQLException {
        return update(
                SUCCEED,
                hold,
                result.rows(),
                result.bytes(),
                result.checksum(),
                result.totals().toString(),
                result.reconciliation().toString(),
                result.difference().map(JsonNode::toString).orElse(null),
                ExportJobStore.utc(clock.instant()),
                ExportJobStore.utc(expiresAt));
    }

    /** The last file of the same month before this one. */
    Optional<ExportJob> previous(UUID org, YearMonth month, int revision) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(PREVIOUS)) {
            select.setObject(1, org);
            select.setObject(2, month.atDay(1));
            select.setInt(3, revision);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(ExportJobStore.job(rows)) : Optional.empty();
            }
        }
    }

    private boolean update(String sql, Hold hold, Object... values) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement update = connection.prepareStatement(sql)) {
            int index = 1;
            for (Object value : values) {
                update.setObject(index++, value);
            }
            update.setObject(index++, hold.job().jobId());
            update.setObject(index, hold.token());
            return update.executeUpdate() == 1;
        }
    }
}

package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Update;

/**
 * Jobs as workers see them. The process that knows a job's token holds the job until the lease
 * ends. Each method that ends a hold does nothing and returns false when the hold has already
 * ended. So of two processes that both believe they hold a job, only one can finish it. Leases are
 * measured by the database's clock, which all processes share.
 */
@ApplicationScoped
class ExportLedger {

    /** A job that this process holds. */
    record Hold(ExportJob job, UUID token) {}

    /**
     * What a successful try has made.
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

    private final Jdbi jdbi;
    private final Clock clock;

    ExportLedger(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    // Restatements of one month are made one after the other, so that the latest file is the last
    // one.
    private static final String CLAIM =
            """
            update analytics.export_jobs set
                status = 'running', tries = tries + 1, faults = faults + 1, row_count = 0, lease_token = :token,
                leased_until = now() + :leaseMs * interval '1 millisecond', started_at = coalesce(started_at, :now)
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
                    .formatted(ExportJobMapper.COLUMNS);

    /**
     * Takes the oldest free job, if there is one. A job whose holder stays silent past its lease is
     * free again.
     */
    Optional<Hold> claim(Duration lease) {
        UUID token = UUID.randomUUID();
        return jdbi.withHandle(handle -> handle.createQuery(CLAIM)
                .bind("token", token)
                .bind("leaseMs", lease.toMillis())
                .bind("now", clock.instant())
                .map(row -> new Hold(ExportJobMapper.job(row), token))
                .findOne());
    }

    private static final String RENEW =
            """
            update analytics.export_jobs set
                leased_until = now() + :leaseMs * interval '1 millisecond', row_count = :rows
            where job_id = :job and lease_token = :token and status = 'running'
            """;

    /** Extends the hold and stores how far it got; false when the hold has ended. */
    boolean renew(Hold hold, Duration lease, long rowsSoFar) {
        return update(
                RENEW, hold, update -> update.bind("leaseMs", lease.toMillis()).bind("rows", rowsSoFar));
    }

    private static final String RETRY =
            """
            update analytics.export_jobs set
                status = 'pending', not_before = now() + :pauseMs * interval '1 millisecond', last_problem = :problem,
                row_count = 0, faults = faults - :forgiven, lease_token = null, leased_until = null
            where job_id = :job and lease_token = :token and status = 'running'
            """;

    /**
     * Gives the job back, to be tried again after a pause.
     *
     * @param blameless whether this try does not count against the job
     */
    boolean retry(Hold hold, Duration pause, String problem, boolean blameless) {
        return update(RETRY, hold, update -> update.bind("pauseMs", pause.toMillis())
                .bind("problem", problem)
                .bind("forgiven", blameless ? 1 : 0));
    }

    private static final String FAIL =
            """
            update analytics.export_jobs set
                status = 'failed', error = :error, last_problem = coalesce(:problem, last_problem),
                reconciliation = :reconciliation::jsonb, completed_at = :now, clean_up = true, lease_token = null,
                leased_until = null
            where job_id = :job and lease_token = :token and status = 'running'
            """;

    boolean fail(Hold hold, String error, Optional<String> problem, Optional<JsonNode> reconciliation) {
        return update(FAIL, hold, update -> update.bind("error", error)
                .bind("problem", problem)
                .bind("reconciliation", reconciliation.map(JsonNode::toString))
                .bind("now", clock.instant()));
    }

    private static final String SUCCEED =
            """
            update analytics.export_jobs set
                status = 'succeeded', row_count = :rows, size_bytes = :bytes, checksum = :checksum, totals = :totals::jsonb,
                reconciliation = :reconciliation::jsonb, difference = :difference::jsonb, completed_at = :now,
                expires_at = :expiresAt, last_problem = null, lease_token = null, leased_until = null
            where job_id = :job and lease_token = :token and status = 'running'
            """;

    boolean succeed(Hold hold, Result result, Instant expiresAt) {
        return update(SUCCEED, hold, update -> update.bind("rows", result.rows())
                .bind("bytes", result.bytes())
                .bind("checksum", result.checksum())
                .bind("totals", result.totals().toString())
                .bind("reconciliation", result.reconciliation().toString())
                .bind("difference", result.difference().map(JsonNode::toString))
                .bind("now", clock.instant())
                .bind("expiresAt", expiresAt));
    }

    private boolean update(String sql, Hold hold, UnaryOperator<Update> values) {
        return jdbi.withHandle(handle -> values.apply(handle.createUpdate(sql))
                        .bind("job", hold.job().jobId())
                        .bind("token", hold.token())
                        .execute()
                == 1);
    }

    private static final String PREVIOUS =
            """
            select %s from analytics.export_jobs
            where org_id = :org and month = :month and revision < :revision and status in ('succeeded', 'expired')
            order by revision desc limit 1
            """
                    .formatted(ExportJobMapper.COLUMNS);

    /** The last file of the same month before this one. */
    Optional<ExportJob> previous(UUID org, ExportJob.Restatement monthly) {
        return jdbi.withHandle(handle -> handle.createQuery(PREVIOUS)
                .bind("org", org)
                .bind("month", monthly.month().atDay(1))
                .bind("revision", monthly.revision())
                .map(ExportJobMapper::job)
                .findOne());
    }
}

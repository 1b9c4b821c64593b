package io.inference.analytics.export;

import io.inference.analytics.export.ExportJob.Restatement;
import io.inference.analytics.platform.AdvisoryLock;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Jobs as callers see them: accepted, listed, cancelled. All methods work in the caller's
 * transaction.
 */
@ApplicationScoped
class ExportJobStore {

    /**
     * A job that was accepted before under the same key, and the hash of the order that was sent
     * with the key.
     */
    record Accepted(ExportJob job, String requestHash) {}

    /** What makes a request for a job repeatable. */
    record Origin(Optional<String> idempotencyKey, Optional<String> requestHash) {

        static final Origin NONE = new Origin(Optional.empty(), Optional.empty());
    }

    /** Where a list continues: after this job. */
    record Cursor(Instant createdAt, UUID jobId) {}

    private static final String LOCK_ORG = "select pg_advisory_xact_lock(" + AdvisoryLock.EXPORTS_OF_ORG.key() + ")";

    /** Lets one transaction at a time accept jobs of the organisation. */
    void lockOrg(Handle handle, UUID org) {
        handle.createUpdate(LOCK_ORG).bind("org", org.toString()).execute();
    }

    private static final String OPEN =
            "select count(*) from analytics.export_jobs where org_id = :org and status in ('pending', 'running')";

    /** Jobs that are pending or running. */
    int open(Handle handle, UUID org) {
        return handle.createQuery(OPEN).bind("org", org).mapTo(Integer.class).one();
    }

    private static final String BY_KEY =
            """
            select %s, request_hash from analytics.export_jobs
            where org_id = :org and idempotency_key = :key
            """
                    .formatted(ExportJobMapper.COLUMNS);

    Optional<Accepted> byIdempotencyKey(Handle handle, UUID org, String key) {
        return handle.createQuery(BY_KEY)
                .bind("org", org)
                .bind("key", key)
                .map(row -> new Accepted(ExportJobMapper.job(row), row.getColumn("request_hash", String.class)))
                .findOne();
    }

    private static final String INSERT =
            """
            insert into analytics.export_jobs (job_id, org_id, status, granularity, format, csv, range_start, range_end, time_zone,
                model_ids, initiated_by, month, revision, idempotency_key, request_hash, trace_parent, created_at, not_before,
                bucket, object_key)
            values (:job, :org, 'pending', :granularity, :format, :csv::jsonb, :start, :end, :zone, :models, :initiatedBy, :month, :revision,
                :idempotencyKey, :requestHash, :traceParent, :createdAt, now(), :bucket, :key)
            on conflict (job_id) do nothing
            """;

    /** Stores a pending job; does nothing when it is stored already. */
    void insert(Handle handle, ExportJob job, Origin origin) {
        ExportOrder order = job.order();
        handle.createUpdate(INSERT)
                .bind("job", job.jobId())
                .bind("org", job.orgId())
                .bind("granularity", order.granularity())
                .bind("format", order.format())
                .bind("csv", order.csv().stored())
                .bind("start", order.range().start())
                .bind("end", order.range().end())
                .bind("zone", order.zoneName())
                .bindArray(
                        "models", UUID.class, order.models().stream().sorted().toList())
                .bind("initiatedBy", job.request().initiatedBy())
                .bind("month", job.monthly().map(monthly -> monthly.month().atDay(1)))
                .bind("revision", job.monthly().map(Restatement::revision))
                .bind("idempotencyKey", origin.idempotencyKey())
                .bind("requestHash", origin.requestHash())
                .bind("traceParent", job.request().traceParent())
                .bind("createdAt", job.request().createdAt())
                .bind("bucket", job.location().bucket())
                .bind("key", job.location().key())
                .execute();
    }

    private static final String FIND = "select %s from analytics.export_jobs where org_id = :org and job_id = :job"
            .formatted(ExportJobMapper.COLUMNS);

    Optional<ExportJob> find(Handle handle, UUID org, UUID job) {
        return handle.createQuery(FIND)
                .bind("org", org)
                .bind("job", job)
                .map(ExportJobMapper::job)
                .findOne();
    }

    private static final String LIST =
            """
            select %s from analytics.export_jobs
            where org_id = :org and (:anyStatus or status = any (:statuses))
              and (created_at, job_id) < (coalesce(:createdAt::timestamptz, 'infinity'),
                                          coalesce(:job::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            order by created_at desc, job_id desc
            limit :limit
            """
                    .formatted(ExportJobMapper.COLUMNS);

    /**
     * Jobs of the organisation, newest first.
     *
     * @param statuses only jobs of these; empty means all
     */
    List<ExportJob> list(Handle handle, UUID org, Set<ExportStatus> statuses, Optional<Cursor> after, int limit) {
        return handle.createQuery(LIST)
                .bind("org", org)
                .bind("anyStatus", statuses.isEmpty())
                .bindArray(
                        "statuses",
                        String.class,
                        statuses.stream().map(ExportStatus::wireName).toList())
                .bind("createdAt", after.map(Cursor::createdAt))
                .bind("job", after.map(Cursor::jobId))
                .bind("limit", limit)
                .map(ExportJobMapper::job)
                .list();
    }

    // A running job may have left something in the file store. Its lease is kept, so that nothing
    // is removed before its worker has noticed.
    private static final String CANCEL =
            """
            update analytics.export_jobs set status = 'cancelled', completed_at = :at, clean_up = tries > 0
            where org_id = :org and job_id = :job and status in ('pending', 'running')
            """;

    /** Whether the job was pending or running and is cancelled now. */
    boolean cancel(Handle handle, UUID org, UUID job, Instant at) {
        return handle.createUpdate(CANCEL)
                        .bind("at", at)
                        .bind("org", org)
                        .bind("job", job)
                        .execute()
                == 1;
    }
}

package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/** Jobs as callers see them: accepted, listed, cancelled. All methods work in the caller's transaction. */
@ApplicationScoped
class ExportJobStore {

    static final String COLUMNS =
            """
            job_id, org_id, status, granularity, format, range_start, range_end, time_zone, model_ids, initiated_by, month, revision,
            trace_parent, created_at, bucket, object_key, tries, faults, last_problem, started_at, completed_at, row_count,
            size_bytes, checksum, totals, reconciliation, difference, error, expires_at
            """;

    private static final String LOCK_ORG = "select pg_advisory_xact_lock(" + AdvisoryLock.EXPORTS_OF_ORG.key() + ")";

    private static final String OPEN =
            "select count(*) from analytics.export_jobs where org_id = ? and status in ('pending', 'running')";

    private static final String BY_KEY =
            "select " + COLUMNS + ", request_hash from analytics.export_jobs where org_id = ? and idempotency_key = ?";

    private static final String INSERT =
            """
            insert into analytics.export_jobs (job_id, org_id, status, granularity, format, range_start, range_end, time_zone,
                model_ids, initiated_by, month, revision, idempotency_key, request_hash, trace_parent, created_at, not_before,
                bucket, object_key)
            values (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now(), ?, ?)
            on conflict (job_id) do nothing
            """;

    private static final String FIND =
            "select " + COLUMNS + " from analytics.export_jobs where org_id = ? and job_id = ?";

    private static final String LIST =
            """
            select %s from analytics.export_jobs
            where org_id = ? and (? or status = any (?)) and (created_at, job_id) < (?, ?)
            order by created_at desc, job_id desc
            limit ?
            """
                    .formatted(COLUMNS);

    // A running job may have left something in the file store; its lease is kept, so that nothing is removed while its
    // worker has not noticed yet.
    private static final String CANCEL =
            """
            update analytics.export_jobs set status = 'cancelled', completed_at = ?, clean_up = tries > 0
            where org_id = ? and job_id = ? and status in ('pending', 'running')
            """;

    /** A job that was accepted before under the same key, with what was asked for then. */
    record Accepted(ExportJob job, String requestHash) {}

    /** How a job came to be. */
    record Origin(Optional<String> idempotencyKey, Optional<String> requestHash) {}

    /** Where a list goes on: after this job. */
    record Cursor(Instant createdAt, UUID jobId) {}

    /** Lets one transaction at a time accept jobs of the organisation. */
    void lockOrg(Connection connection, UUID org) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement(LOCK_ORG)) {
            lock.setString(1, org.toString());
            lock.execute();
        }
    }

    /** Jobs that are pending or running. */
    int open(Connection connection, UUID org) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(OPEN)) {
            select.setObject(1, org);
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }

    Optional<Accepted> byIdempotencyKey(Connection connection, UUID org, String key) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(BY_KEY)) {
            select.setObject(1, org);
            select.setString(2, key);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Accepted(job(rows), rows.getString("request_hash")))
                        : Optional.empty();
            }
        }
    }

    /** Stores a pending job; does nothing when it is stored already. */
    void insert(Connection connection, ExportJob job, Origin origin) throws SQLException {
        ExportOrder order = job.order();
        Object[] values = {
            job.jobId(),
            job.orgId(),
            order.granularity().wireName(),
            order.format().wireName(),
            utc(order.range().start()),
            utc(order.range().end()),
            order.zoneName(),
            connection.createArrayOf("uuid", order.models().stream().sorted().toArray()),
            job.initiatedBy(),
            job.monthly().map(monthly -> monthly.month().atDay(1)).orElse(null),
            job.monthly().map(ExportJob.Restatement::revision).orElse(null),
            origin.idempotencyKey().orElse(null),
            origin.requestHash().orElse(null),
            job.traceParent().orElse(null),
            utc(job.createdAt()),
            job.location().bucket(),
            job.location().key()
        };
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (int i = 0; i < values.length; i++) {
                insert.setObject(i + 1, values[i]);
            }
            insert.executeUpdate();
        }
    }

    Optional<ExportJob> find(Connection connection, UUID org, UUID job) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setObject(1, org);
            select.setObject(2, job);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(job(rows)) : Optional.empty();
            }
        }
    }

    /** Newest first. */
    List<ExportJob> list(Connection connection, UUID org, Set<ExportStatus> statuses, Optional<Cursor> after, int limit)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(LIST)) {
            select.setObject(1, org);
            select.setBoolean(2, statuses.isEmpty());
            select.setArray(
                    3,
                    connection.createArrayOf(
                            "text",
                            statuses.stream().map(ExportStatus::wireName).toArray()));
            select.setObject(4, after.map(cursor -> utc(cursor.createdAt())).orElse(OffsetDateTime.MAX));
            select.setObject(5, after.map(Cursor::jobId).orElse(new UUID(-1, -1)));
            select.setInt(6, limit);
            List<ExportJob> jobs = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    jobs.add(job(rows));
                }
            }
            return jobs;
        }
    }

    /** Whether the job was pending or running and is cancelled now. */
    boolean cancel(Connection connection, UUID org, UUID job, Instant at) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(CANCEL)) {
            update.setObject(1, utc(at));
            update.setObject(2, org);
            update.setObject(3, job);
            return update.executeUpdate() == 1;
        }
    }

    /** The row that the result stands at. */
    static ExportJob job(ResultSet row) throws SQLException {
        String zone = row.getString("time_zone");
        String bucket = row.getString("bucket");
        ExportOrder order = new ExportOrder(
                new TimeRange(
                        instant(row, "range_start").orElseThrow(),
                        instant(row, "range_end").orElseThrow()),
                ExportGranularity.of(row.getString("granularity")),
                zone.equals("UTC") ? ZoneOffset.UTC : ZoneId.of(zone),
                new LinkedHashSet<>(
                        Arrays.asList((UUID[]) row.getArray("model_ids").getArray())),
                ExportFormat.of(row.getString("format")),
                Optional.of(bucket));
        LocalDate month = row.getObject("month", LocalDate.class);
        int revision = row.getInt("revision");
        long bytes = row.getLong("size_bytes");
        return new ExportJob(
                row.getObject("job_id", UUID.class),
                row.getObject("org_id", UUID.class),
                ExportStatus.of(row.getString("status")),
                order,
                Optional.ofNullable(month).map(first -> new ExportJob.Restatement(YearMonth.from(first), revision)),
                new ObjectLocation(bucket, row.getString("object_key")),
                row.getString("initiated_by"),
                Optional.ofNullable(row.getString("trace_parent")),
                instant(row, "created_at").orElseThrow(),
                instant(row, "started_at"),
                instant(row, "completed_at"),
                instant(row, "expires_at"),
                row.getInt("tries"),
                row.getInt("faults"),
                row.getLong("row_count"),
                bytes == 0 ? OptionalLong.empty() : OptionalLong.of(bytes),
                Optional.ofNullable(row.getString("checksum")),
                json(row, "totals").map(Figures::of),
                json(row, "reconciliation"),
                json(row, "difference"),
                Optional.ofNullable(row.getString("last_problem")),
                Optional.ofNullable(row.getString("error")));
    }

    private static Optional<JsonNode> json(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getString(column)).map(Figures::parse);
    }

    static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }

    static OffsetDateTime utc(Instant time) {
        return time.atOffset(ZoneOffset.UTC);
    }
}

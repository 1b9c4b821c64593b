package io.inference.analytics.bills;

import io.inference.analytics.provider.Redaction;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Writes the outcome of a day: its row of the ledger and its revisions. All in the caller's
 * transaction.
 */
final class LedgerWrites {

    /** The ledger's row of a day before it is imported again. */
    record Before(int revision, int rows, byte[] hash) {}

    /**
     * A day that is now stored.
     *
     * @param total billed US dollars; empty where the data set bills nothing
     */
    record Stored(ImportStatus status, int revision, int rows, Optional<BigDecimal> total, byte[] hash) {}

    /**
     * An attempt that changed nothing else.
     *
     * @param next when it may be tried again; empty when a person is needed first
     */
    record Failed(ImportStatus status, String code, String text, Optional<Instant> next) {}

    private static final String OF_DAY =
            """
            where provider = :provider and dataset = :dataset and org_ref = :org and usage_date = :day
            """;

    private static final String FIND =
            "select revision, row_count, content_hash from analytics.provider_import_day\n" + OF_DAY;

    private static final String ENSURE =
            """
            insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, run_id)
            values (:provider, :dataset, :org, :day, 'running', :run)
            on conflict (provider, dataset, org_ref, usage_date) do nothing
            """;

    private static final String UNCHANGED =
            """
            update analytics.provider_import_day
            set status = :status, last_checked_at = :at, last_tried_at = :at, attempts = attempts + 1, suspect_count = 0,
                next_attempt_at = null, last_error_code = null, last_error_text = null
            """
                    + OF_DAY;

    private static final String STORED =
            """
            update analytics.provider_import_day
            set status = :status, revision = :revision, row_count = :rows, amount_total = :total, content_hash = :hash,
                attempts = attempts + 1, suspect_count = 0, next_attempt_at = null,
                first_imported_at = coalesce(first_imported_at, :at), last_imported_at = :at, last_checked_at = :at,
                last_tried_at = :at, last_error_code = null, last_error_text = null, run_id = :run
            """
                    + OF_DAY;

    private static final String FAILED =
            """
            update analytics.provider_import_day
            set status = :status, attempts = attempts + 1, suspect_count = suspect_count + :suspect, next_attempt_at = :next,
                last_error_code = :code, last_error_text = :text, last_tried_at = :at
            """
                    + OF_DAY
                    + "returning revision, row_count";

    private static final String REVISION =
            """
            insert into analytics.provider_day_revision (provider, dataset, org_ref, usage_date, revision, row_count, amount_total,
                content_hash, imported_at, run_id, reason)
            values (:provider, :dataset, :org, :day, :revision, :rows, :total, :hash, :at, :run, :reason)
            """;

    private LedgerWrites() {}

    /** Reads the day's row, which is created when there is none. */
    static Before open(Handle handle, DayKey key, DayImport.Import by) {
        key.bind(handle.createUpdate(ENSURE)).bind("run", by.runId()).execute();
        return key.bind(handle.createQuery(FIND))
                .map(row -> new Before(
                        row.getColumn("revision", Integer.class),
                        row.getColumn("row_count", Integer.class),
                        row.getColumn("content_hash", byte[].class)))
                .one();
    }

    static void unchanged(Handle handle, DayKey key, DayImport.Import by, ImportStatus status) {
        key.bind(handle.createUpdate(UNCHANGED))
                .bind("status", status)
                .bind("at", by.fetchedAt())
                .execute();
    }

    /** Records that the day could not be imported; its stored content stays. */
    static DayOutcome failed(Handle handle, DayKey key, DayImport.Import by, Failed failed) {
        String text = Redaction.of(failed.text());
        return key.bind(handle.createQuery(FAILED))
                .bind("status", failed.status())
                .bind("suspect", failed.status() == ImportStatus.SUSPECT_EMPTY ? 1 : 0)
                .bind("next", failed.next())
                .bind("code", failed.code())
                .bind("text", text)
                .bind("at", by.fetchedAt())
                .map(row -> new DayOutcome(
                        key.dataset().wireName(),
                        key.day(),
                        failed.status(),
                        row.getColumn("revision", Integer.class),
                        row.getColumn("row_count", Integer.class),
                        Optional.empty(),
                        Optional.of(failed.code() + ": " + text)))
                .one();
    }

    /** Records the day and its new revision. */
    static void stored(Handle handle, DayKey key, DayImport.Import by, Stored stored) {
        key.bind(handle.createUpdate(STORED))
                .bind("status", stored.status())
                .bind("revision", stored.revision())
                .bind("rows", stored.rows())
                .bind("total", stored.total())
                .bind("hash", stored.hash())
                .bind("at", by.fetchedAt())
                .bind("run", by.runId())
                .execute();
        key.bind(handle.createUpdate(REVISION))
                .bind("revision", stored.revision())
                .bind("rows", stored.rows())
                .bind("total", stored.total())
                .bind("hash", stored.hash())
                .bind("at", by.fetchedAt())
                .bind("run", by.runId())
                .bind("reason", stored.revision() == 1 ? "first" : by.kind() == RunKind.CSV ? "manual" : "restated")
                .execute();
    }
}

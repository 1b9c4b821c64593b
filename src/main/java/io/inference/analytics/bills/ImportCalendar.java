package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * What came of the import of each day, the runs that imported, and the corrections of stored days, for people to read. It writes
 * nothing.
 *
 * <p>A day of a data set that was never tried is listed from the first day on that was. Data sets without a past, such as
 * Cursor's sums of the running cycle, have no missing days and are left out.
 */
@ApplicationScoped
public class ImportCalendar {

    /** How many days, runs or corrections a person can be shown at once. */
    public static final int PAGE_MAX = 200;

    private static final String DAYS =
            """
            select sets.provider, sets.org_ref, sets.dataset, days.day::date as day, coalesce(ledger.status, 'missing') as status,
                   coalesce(ledger.revision, 0) as revision, ledger.amount_total, ledger.last_checked_at, ledger.last_error_code,
                   ledger.last_checked_at < (days.day + interval '1 day') at time zone 'UTC' as is_partial,
                   coalesce(ledger.last_checked_at >= (date_trunc('month', days.day) + interval '1 month 4 days') at time zone 'UTC',
                            false) as is_settled
            from (select provider, org_ref, dataset, min(usage_date) as first_day from analytics.provider_import_day
                  where dataset <> all (:withoutPast) and (:provider::text is null or provider = :provider)
                  group by provider, org_ref, dataset) sets
            cross join lateral generate_series(greatest(:from::date, sets.first_day)::timestamp, :to::date::timestamp,
                                               interval '1 day') as days (day)
            left join analytics.provider_import_day ledger on ledger.provider = sets.provider and ledger.dataset = sets.dataset
                 and ledger.org_ref = sets.org_ref and ledger.usage_date = days.day::date
            order by days.day desc, sets.provider, sets.org_ref, sets.dataset
            """;

    private static final String RUNS =
            """
            select run_id, provider, kind, from_date, to_date, started_at, finished_at, status, requested_by,
                   (select coalesce(sum(days.value::bigint), 0) from jsonb_each(counters) days
                    where days.key in ('ok', 'ok_empty')) as imported,
                   (select coalesce(sum(days.value::bigint), 0) from jsonb_each(counters) days
                    where days.key not in ('ok', 'ok_empty', 'requests')) as not_imported
            from analytics.provider_import_run
            where (:provider::text is null or provider = :provider)
              and (:edge::timestamptz is null or (started_at, run_id) < (:edge, :run::uuid))
            order by started_at desc, run_id desc limit :limit
            """;

    private static final String CORRECTIONS =
            """
            select correction_id, provider, org_ref, dataset, usage_date, revision_from, revision_to, old_amount, new_amount, delta,
                   corrected_at
            from analytics.provider_correction
            where usage_date >= :from and usage_date < :end and (:provider::text is null or provider = :provider)
              and (:before::bigint is null or correction_id < :before)
            order by correction_id desc limit :limit
            """;

    private static final List<String> WITHOUT_PAST = Arrays.stream(Dataset.values())
            .filter(dataset -> !dataset.hasPast())
            .map(Dataset::wireName)
            .toList();

    /**
     * What came of a day of a data set.
     *
     * @param amountUsd billed, of the stored revision; empty where the data set bills nothing
     * @param lastRead when the provider last answered for it
     * @param settled whether that was after the fifth of the following month
     * @param errorCode why the last attempt failed
     */
    public record Entry(
            String provider,
            String orgRef,
            String dataset,
            LocalDate day,
            DayState state,
            int revision,
            Optional<BigDecimal> amountUsd,
            Optional<Instant> lastRead,
            boolean settled,
            Optional<String> errorCode) {}

    /** A run, with how many days of data sets it imported or found unchanged, and how many not. */
    public record Run(
            UUID runId,
            String provider,
            String kind,
            LocalDate from,
            LocalDate to,
            Instant startedAt,
            Optional<Instant> finishedAt,
            String status,
            String requestedBy,
            long daysImported,
            long daysNotImported) {}

    /** A billed line of a stored day that the provider has changed; an empty amount: the line is new, or gone. */
    public record Correction(
            long id,
            String provider,
            String orgRef,
            String dataset,
            LocalDate day,
            int revisionFrom,
            int revisionTo,
            Optional<BigDecimal> oldUsd,
            Optional<BigDecimal> newUsd,
            BigDecimal differenceUsd,
            Instant correctedAt) {}

    /** Where the next page of runs begins: after this one. */
    public record RunEdge(Instant startedAt, UUID runId) {}

    ImportCalendar() {}

    /** All data sets of the days, both inclusive, newest day first. */
    public List<Entry> days(Handle handle, Optional<Provider> provider, LocalDate from, LocalDate to) {
        return handle.createQuery(DAYS)
                .bindArray("withoutPast", String.class, WITHOUT_PAST)
                .bind("provider", provider.map(Provider::wireName))
                .bind("from", from)
                .bind("to", to)
                .map(row -> new Entry(
                        row.getColumn("provider", String.class),
                        row.getColumn("org_ref", String.class),
                        row.getColumn("dataset", String.class),
                        row.getColumn("day", LocalDate.class),
                        DayState.of(
                                row.getColumn("status", String.class),
                                row.getColumn("revision", Integer.class),
                                Boolean.TRUE.equals(row.getColumn("is_partial", Boolean.class))),
                        row.getColumn("revision", Integer.class),
                        Optional.ofNullable(row.getColumn("amount_total", BigDecimal.class)),
                        Optional.ofNullable(row.getColumn("last_checked_at", Instant.class)),
                        row.getColumn("is_settled", Boolean.class),
                        Optional.ofNullable(row.getColumn("last_error_code", String.class))))
                .list();
    }

    /** Runs, the newest first. */
    public List<Run> runs(Handle handle, Optional<Provider> provider, Optional<RunEdge> before, int limit) {
        return handle.createQuery(RUNS)
                .bind("provider", provider.map(Provider::wireName))
                .bind("edge", before.map(RunEdge::startedAt))
                .bind("run", before.map(RunEdge::runId))
                .bind("limit", limit)
                .map(row -> new Run(
                        row.getColumn("run_id", UUID.class),
                        row.getColumn("provider", String.class),
                        row.getColumn("kind", String.class),
                        row.getColumn("from_date", LocalDate.class),
                        row.getColumn("to_date", LocalDate.class),
                        row.getColumn("started_at", Instant.class),
                        Optional.ofNullable(row.getColumn("finished_at", Instant.class)),
                        row.getColumn("status", String.class),
                        row.getColumn("requested_by", String.class),
                        row.getColumn("imported", Long.class),
                        row.getColumn("not_imported", Long.class)))
                .list();
    }

    /** Corrections of days from {@code from} up to {@code end}, exclusive, the newest first. */
    public List<Correction> corrections(
            Handle handle,
            Optional<Provider> provider,
            LocalDate from,
            LocalDate end,
            Optional<Long> before,
            int limit) {
        return handle.createQuery(CORRECTIONS)
                .bind("provider", provider.map(Provider::wireName))
                .bind("from", from)
                .bind("end", end)
                .bind("before", before)
                .bind("limit", limit)
                .map(row -> new Correction(
                        row.getColumn("correction_id", Long.class),
                        row.getColumn("provider", String.class),
                        row.getColumn("org_ref", String.class),
                        row.getColumn("dataset", String.class),
                        row.getColumn("usage_date", LocalDate.class),
                        row.getColumn("revision_from", Integer.class),
                        row.getColumn("revision_to", Integer.class),
                        Optional.ofNullable(row.getColumn("old_amount", BigDecimal.class)),
                        Optional.ofNullable(row.getColumn("new_amount", BigDecimal.class)),
                        row.getColumn("delta", BigDecimal.class),
                        row.getColumn("corrected_at", Instant.class)))
                .list();
    }
}

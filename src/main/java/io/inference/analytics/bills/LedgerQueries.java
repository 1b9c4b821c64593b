package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;

/**
 * Reads which days of the data sets are imported.
 *
 * <p>A data set without a past, such as Cursor's sums of the running cycle, can be read only on its
 * day. A day of it that was missed is not a failure and not a gap.
 */
@ApplicationScoped
class LedgerQueries {

    private static final String VALIDATED =
            """
            select exists (select from analytics.provider_validation
                           where provider = :provider and passed and (:org::text is null or org_ref = :org))
            """;

    private static final String GOOD =
            """
            select usage_date from analytics.provider_import_day
            where provider = :provider and dataset = :dataset and org_ref = :org and usage_date between :from and :to
              and status in ('ok', 'ok_empty') and last_checked_at >= (usage_date + 1)::timestamp at time zone 'UTC'
            """;

    private static final String CHECKED_BEFORE =
            """
            select usage_date from analytics.provider_import_day
            where provider = :provider and dataset = :dataset and org_ref = :org and usage_date between :from and :to
              and last_checked_at < :before
            """;

    private static final String FAILED =
            """
            select dataset, usage_date from analytics.provider_import_day
            where provider = :provider and org_ref = :org
              and status in ('failed_retryable', 'failed_permanent', 'pending', 'running', 'suspect_empty', 'quarantined')
              and (dataset <> all (:withoutPast) or usage_date >= :today)
            """;

    private static final String RETRY_DUE =
            """
            select dataset, usage_date from analytics.provider_import_day
            where provider = :provider and org_ref = :org and status in ('failed_retryable', 'suspect_empty')
              and next_attempt_at <= :now and (dataset <> all (:withoutPast) or usage_date >= :today)
            """;

    /**
     * Days before the first attempted import are not gaps, unless a start date is given. A day that
     * was read before it was over is one: it holds only a part of itself.
     */
    private static final String GAPS =
            """
            select sets.dataset, days.day::date as date, coalesce(case when ledger.status in ('ok', 'ok_empty') then 'partial' else ledger.status end, 'missing') as status,
                   sets.org_ref
            from (select named.dataset, coalesce(tried.org_ref, '') as org_ref, min(tried.usage_date) as first_day
                  from unnest(:datasets::text[]) as named (dataset)
                  left join analytics.provider_import_day tried on tried.provider = :provider
                  group by named.dataset, tried.org_ref) sets
            cross join lateral generate_series(coalesce(:from::date, sets.first_day)::timestamp, :to::date::timestamp,
                                               interval '1 day') as days (day)
            left join analytics.provider_import_day ledger on ledger.provider = :provider and ledger.dataset = sets.dataset
                 and ledger.org_ref = sets.org_ref and ledger.usage_date = days.day::date
            where ledger.status is null or ledger.status not in ('ok', 'ok_empty')
               or ledger.last_checked_at < (days.day + interval '1 day') at time zone 'UTC'
            order by 4, 2, 1
            """;

    private static final String COUNTS =
            """
            select provider, status, count(*) as days from analytics.provider_import_day
            where dataset <> all (:withoutPast) or usage_date >= :today or status in ('ok', 'ok_empty')
            group by provider, status
            """;

    private static final String LAST_SUCCESS =
            """
            select provider, max(last_checked_at) as at from analytics.provider_import_day
            where status in ('ok', 'ok_empty') and last_checked_at is not null
            group by provider
            """;

    private static final List<String> WITHOUT_PAST = Arrays.stream(Dataset.values())
            .filter(dataset -> !dataset.hasPast())
            .map(Dataset::wireName)
            .toList();

    /** A day without a good import; its status is {@code missing} when it was never tried. */
    record Gap(String orgRef, String dataset, LocalDate date, String status) {}

    private final Jdbi jdbi;

    LedgerQueries(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Whether a day has passed validation.
     *
     * @param orgRef of this organisation; empty: of any
     */
    boolean validated(Provider provider, Optional<String> orgRef) {
        return jdbi.withHandle(handle -> handle.createQuery(VALIDATED)
                .bind("provider", provider)
                .bind("org", orgRef)
                .mapTo(Boolean.class)
                .one());
    }

    Set<LocalDate> good(Dataset dataset, String orgRef, LocalDate from, LocalDate to) {
        return jdbi.withHandle(handle -> handle.createQuery(GOOD)
                .bind("provider", dataset.provider())
                .bind("dataset", dataset)
                .bind("org", orgRef)
                .bind("from", from)
                .bind("to", to)
                .mapTo(LocalDate.class)
                .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** Stored days of a range whose last import was before an instant. */
    Set<LocalDate> checkedBefore(Dataset dataset, String orgRef, LocalDate from, LocalDate to, Instant before) {
        return jdbi.withHandle(handle -> handle.createQuery(CHECKED_BEFORE)
                .bind("provider", dataset.provider())
                .bind("dataset", dataset)
                .bind("org", orgRef)
                .bind("from", from)
                .bind("to", to)
                .bind("before", before)
                .mapTo(LocalDate.class)
                .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** Days that the schedule may try again now: those whose fault was passing. */
    Map<Dataset, SortedSet<LocalDate>> retryDue(Provider provider, String orgRef, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery(RETRY_DUE)
                .bind("provider", provider)
                .bind("org", orgRef)
                .bind("now", now)
                .bind("today", today(now))
                .bindArray("withoutPast", String.class, WITHOUT_PAST)
                .collectRows(byDataset(provider)));
    }

    /** Days whose last attempt failed, whenever the schedule would try them again. */
    Map<Dataset, SortedSet<LocalDate>> failed(Provider provider, String orgRef, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery(FAILED)
                .bind("provider", provider)
                .bind("org", orgRef)
                .bind("today", today(now))
                .bindArray("withoutPast", String.class, WITHOUT_PAST)
                .collectRows(byDataset(provider)));
    }

    private static Collector<RowView, ?, Map<Dataset, SortedSet<LocalDate>>> byDataset(Provider provider) {
        return Collectors.groupingBy(
                row -> Dataset.of(provider, row.getColumn("dataset", String.class)),
                () -> new EnumMap<>(Dataset.class),
                Collectors.mapping(
                        row -> row.getColumn("usage_date", LocalDate.class), Collectors.toCollection(TreeSet::new)));
    }

    /**
     * Days up to {@code to} without a good import.
     *
     * @param from first day to look at; empty: the first that was ever tried
     */
    List<Gap> gaps(Provider provider, Optional<LocalDate> from, LocalDate to) {
        List<String> datasets =
                provider.datasetsWithPast().stream().map(Dataset::wireName).toList();
        return jdbi.withHandle(handle -> handle.createQuery(GAPS)
                .bindArray("datasets", String.class, datasets)
                .bind("provider", provider)
                .bind("from", from)
                .bind("to", to)
                .map(row -> new Gap(
                        row.getColumn("org_ref", String.class),
                        row.getColumn("dataset", String.class),
                        row.getColumn("date", LocalDate.class),
                        row.getColumn("status", String.class)))
                .list());
    }

    /** Days of the ledger by provider and status. */
    Map<String, Map<String, Long>> counts(Handle handle, Instant now) {
        return handle.createQuery(COUNTS)
                .bind("today", today(now))
                .bindArray("withoutPast", String.class, WITHOUT_PAST)
                .collectRows(Collectors.groupingBy(
                        row -> row.getColumn("provider", String.class),
                        TreeMap::new,
                        Collectors.toMap(
                                row -> row.getColumn("status", String.class),
                                row -> row.getColumn("days", Long.class))));
    }

    /** Providers with an attempt since then, by whatever process. */
    Set<String> tried(Handle handle, Instant since) {
        return handle.createQuery(
                        "select distinct provider from analytics.provider_import_day where last_tried_at > :since")
                .bind("since", since)
                .mapTo(String.class)
                .set();
    }

    /**
     * When a day of each provider was last found good; providers without such a day are left out.
     */
    Map<Provider, Instant> lastSuccess(Handle handle) {
        return handle.createQuery(LAST_SUCCESS)
                .collectRows(Collectors.toMap(
                        row -> Provider.of(row.getColumn("provider", String.class)),
                        row -> row.getColumn("at", Instant.class)));
    }

    private static LocalDate today(Instant now) {
        return LocalDate.ofInstant(now, ZoneOffset.UTC);
    }
}

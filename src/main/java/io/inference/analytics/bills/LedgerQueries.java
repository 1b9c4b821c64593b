package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * Reads which days of the data sets are there. Cursor's sums of the running cycle have no past: one that was not taken on its day can
 * not be taken any more, and counts as nobody's failure.
 */
@ApplicationScoped
class LedgerQueries {

    private static final String VALIDATED =
            "select exists (select from analytics.provider_validation where provider = ? and passed and (?::text is null or org_ref = ?))";

    private static final String GOOD =
            """
            select usage_date from analytics.provider_import_day
            where provider = ? and dataset = ? and org_ref = ? and usage_date between ? and ? and status in ('ok', 'ok_empty')
            """;

    private static final String FAILED =
            """
            select dataset, usage_date from analytics.provider_import_day
            where provider = ? and org_ref = ?
              and status in ('failed_retryable', 'failed_permanent', 'pending', 'running', 'suspect_empty',
                             'quarantined')
              and (next_attempt_at is null or next_attempt_at <= ?) and (dataset <> 'spend' or usage_date >= ?)
            """;

    private static final String RETRY_DUE =
            """
            select dataset, usage_date from analytics.provider_import_day
            where provider = ? and org_ref = ? and status in ('failed_retryable', 'suspect_empty') and next_attempt_at <= ?
              and (dataset <> 'spend' or usage_date >= ?)
            """;

    /** Nothing before the first day that was ever tried is missing, unless a first day is named. */
    private static final String GAPS =
            """
            select sets.dataset, days.day::date, coalesce(ledger.status, 'missing'), sets.org_ref
            from (select named.dataset, coalesce(tried.org_ref, '') as org_ref, min(tried.usage_date) as first_day
                  from unnest(?::text[]) as named (dataset)
                  left join analytics.provider_import_day tried on tried.provider = ?
                  group by named.dataset, tried.org_ref) sets
            cross join lateral generate_series(coalesce(?::date, sets.first_day)::timestamp, ?::date::timestamp, interval '1 day') as days (day)
            left join analytics.provider_import_day ledger on ledger.provider = ? and ledger.dataset = sets.dataset
                 and ledger.org_ref = sets.org_ref and ledger.usage_date = days.day::date
            where ledger.status is null or ledger.status not in ('ok', 'ok_empty')
            order by 4, 2, 1
            """;

    private static final String COUNTS =
            """
            select provider, status, count(*) from analytics.provider_import_day
            where dataset <> 'spend' or usage_date >= ? or status in ('ok', 'ok_empty')
            group by provider, status
            """;

    private static final String DAYS =
            "select max(last_checked_at) from analytics.provider_import_day where provider = ? and status in ('ok', 'ok_empty')";

    /** A day without a good import; {@code missing} when it was never tried. */
    record Gap(String orgRef, String dataset, LocalDate date, String status) {}

    private final DataSource dataSource;

    LedgerQueries(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /**
     * Whether a day has passed validation.
     *
     * @param orgRef of this organisation; empty: of any
     */
    boolean validated(Provider provider, Optional<String> orgRef) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(VALIDATED)) {
            select.setString(1, provider.wireName());
            select.setString(2, orgRef.orElse(null));
            select.setString(3, orgRef.orElse(null));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    Set<LocalDate> good(Dataset dataset, String orgRef, LocalDate from, LocalDate to) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(GOOD)) {
            select.setString(1, dataset.provider().wireName());
            select.setString(2, dataset.wireName());
            select.setString(3, orgRef);
            select.setObject(4, from);
            select.setObject(5, to);
            Set<LocalDate> days = new TreeSet<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    days.add(rows.getObject(1, LocalDate.class));
                }
            }
            return days;
        }
    }

    /** Days that the schedule may try again by now: those whose fault was passing. */
    Map<Dataset, SortedSet<LocalDate>> retryDue(Provider provider, String orgRef, Instant now) throws SQLException {
        return days(RETRY_DUE, provider, orgRef, now, today(now));
    }

    /** Days whose last try failed, whenever they may be tried again. */
    Map<Dataset, SortedSet<LocalDate>> failed(Provider provider, String orgRef, Instant now) throws SQLException {
        return days(FAILED, provider, orgRef, Instant.parse("9999-01-01T00:00:00Z"), today(now));
    }

    private Map<Dataset, SortedSet<LocalDate>> days(
            String sql, Provider provider, String orgRef, Instant dueBy, LocalDate today) throws SQLException {
        Map<Dataset, SortedSet<LocalDate>> failed = new EnumMap<>(Dataset.class);
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(sql)) {
            select.setString(1, provider.wireName());
            select.setString(2, orgRef);
            select.setObject(3, DayImport.utc(dueBy));
            select.setObject(4, today);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    failed.computeIfAbsent(Dataset.of(provider, rows.getString(1)), any -> new TreeSet<>())
                            .add(rows.getObject(2, LocalDate.class));
                }
            }
        }
        return failed;
    }

    /**
     * Days up to {@code to} without a good import.
     *
     * @param from first day to look at; null for the first that was ever tried
     */
    List<Gap> gaps(Provider provider, LocalDate from, LocalDate to) throws SQLException {
        List<Gap> gaps = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(GAPS)) {
            String[] daily = java.util.Arrays.stream(Dataset.values())
                    .filter(dataset -> dataset.provider() == provider && dataset != Dataset.CURSOR_SPEND)
                    .map(Dataset::wireName)
                    .toArray(String[]::new);
            select.setArray(1, connection.createArrayOf("text", daily));
            select.setString(2, provider.wireName());
            select.setObject(3, from);
            select.setObject(4, to);
            select.setString(5, provider.wireName());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    gaps.add(new Gap(
                            rows.getString(4),
                            rows.getString(1),
                            rows.getObject(2, LocalDate.class),
                            rows.getString(3)));
                }
            }
        }
        return gaps;
    }

    /** Days of the ledger by provider and status. */
    Map<String, Map<String, Long>> counts(Connection connection, Instant now) throws SQLException {
        Map<String, Map<String, Long>> counts = new TreeMap<>();
        try (PreparedStatement select = connection.prepareStatement(COUNTS)) {
            select.setObject(1, today(now));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    counts.computeIfAbsent(rows.getString(1), any -> new TreeMap<>())
                            .put(rows.getString(2), rows.getLong(3));
                }
            }
        }
        return counts;
    }

    private static LocalDate today(Instant now) {
        return LocalDate.ofInstant(now, ZoneOffset.UTC);
    }

    /** When a day of the provider was last found as it should be; the epoch when never. */
    Instant lastSuccess(Connection connection, Provider provider) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(DAYS)) {
            select.setString(1, provider.wireName());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                var at = row.getObject(1, java.time.OffsetDateTime.class);
                return at == null ? Instant.EPOCH : at.toInstant();
            }
        }
    }
}

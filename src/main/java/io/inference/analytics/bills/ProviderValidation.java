package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderOrganizations;
import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * The five checkpoints of a day, against the archived pages and against a total that a person has read from the provider's own
 * dashboard; and the six laws of the tables.
 */
@ApplicationScoped
public class ProviderValidation {

    /** Of the reference; with the smallest tolerance, 0.01 USD, whichever is greater. */
    private static final BigDecimal RELATIVE_TOLERANCE = new BigDecimal("0.0001");

    private static final String LEDGER =
            """
            select dataset, status from analytics.provider_import_day
            where provider = ? and org_ref = ? and usage_date = ? and dataset = any (?) order by dataset
            """;

    private static final String COST_PAGES =
            """
            select count(*), coalesce(sum((item ->> 'amount')::numeric * 0.01), 0)
            from analytics.provider_raw_page page
            cross join lateral jsonb_array_elements(page.body -> 'data') bucket
            cross join lateral jsonb_array_elements(bucket -> 'results') item
            where page.provider = 'anthropic' and page.dataset = 'cost' and page.usage_date = ?
              and page.run_id = (select run_id from analytics.provider_import_day where provider = 'anthropic' and dataset = 'cost'
                                 and usage_date = ? and org_ref = ?)
            """;

    private static final String CURSOR_PAGES =
            """
            select count(*), coalesce(sum((item ->> 'chargedCents')::numeric * 0.01) filter (where (item ->> 'isChargeable')::boolean), 0)
            from analytics.provider_raw_page page
            cross join lateral jsonb_array_elements(page.body -> 'usageEvents') item
            where page.provider = 'cursor' and page.dataset = 'events' and page.usage_date = ?
              and page.run_id = (select run_id from analytics.provider_import_day where provider = 'cursor' and dataset = 'events'
                                 and usage_date = ? and org_ref = ?)
            """;

    private static final String MONEY =
            """
            select count(*), count(distinct line_key), coalesce(sum(%1$s), 0), coalesce(max(%1$s), 0) from %2$s
            where activity_date = ? and organization_id = ?
            """;

    private static final String COLUMNS =
            """
            select count(*) from information_schema.columns
            where table_schema = 'analytics' and table_name = 'claude_code_productivity'
              and (column_name ~ '(cost|amount|price|token)' or data_type in ('numeric', 'money'))
            """;

    private static final String LAWS =
            "select law, name, expected, found from analytics.provider_invariants(?) where expected is distinct from found order by law";

    private static final String WARNINGS = "select name, expected, found from analytics.provider_day_warnings(?, ?, ?)";

    private static final String RECORD =
            """
            insert into analytics.provider_validation (provider, org_ref, usage_date, expected_total, passed, validated_at)
            values (?, ?, ?, ?, ?, ?)
            """;

    /**
     * One checkpoint.
     *
     * @param name what is checked
     * @param expected in words or figures
     * @param found in words or figures
     * @param warning it may be right, but a person should look
     */
    public record Checkpoint(String name, String expected, String found, boolean passed, boolean warning) {

        Checkpoint(String name, String expected, String found, boolean passed) {
            this(name, expected, found, passed, false);
        }
    }

    private record Money(long rows, long keys, BigDecimal total, BigDecimal max) {}

    private record Pages(long items, BigDecimal total) {}

    private final ProvidersConfig config;
    private final ProviderOrganizations organizations;
    private final DataSource dataSource;
    private final Clock clock;

    ProviderValidation(
            ProvidersConfig config, ProviderOrganizations organizations, DataSource dataSource, Clock clock) {
        this.config = config;
        this.organizations = organizations;
        this.dataSource = dataSource;
        this.clock = clock;
    }

    /**
     * Checks a day of an organisation and notes the result; a day that passes opens the way to its backfill.
     *
     * @param organization empty where there is but one
     * @param expectedTotal US dollars of the day as the provider's dashboard shows them
     * @throws io.inference.analytics.platform.Failure.Invalid when there are several and none is named
     */
    public List<Checkpoint> validate(
            Provider provider, Optional<String> organization, LocalDate date, Optional<BigDecimal> expectedTotal)
            throws SQLException {
        String org = organizations.of(provider, organization).orElse("");
        List<Checkpoint> checkpoints = new ArrayList<>();
        Dataset bill = provider == Provider.CURSOR ? Dataset.CURSOR_EVENTS : Dataset.COST;
        try (Connection connection = dataSource.getConnection()) {
            imported(connection, provider, org, date, checkpoints);
            Money money = money(connection, bill, org, date);
            Pages pages = pages(connection, provider, org, date);
            accuracy(money, pages, expectedTotal, checkpoints);
            add(checkpoints, "2 no duplicates", "0", money.rows() - money.keys());
            checkpoints.add(new Checkpoint(
                    "3 data complete",
                    pages.items() + " rows",
                    money.rows() + " rows",
                    money.rows() == pages.items()
                            && (money.rows() > 0 || expectedTotal.isEmpty() || isZero(expectedTotal))));
            add(checkpoints, "4 no double count", "0 columns of money", number(connection, COLUMNS));
            checkpoints.add(largestRow(money.max(), ReleasedDays.stored(connection, new DayKey(bill, org, date))));
            for (String broken : brokenLaws(connection, date)) {
                checkpoints.add(new Checkpoint("laws of the tables", "equal", broken, false));
            }
            warnings(connection, provider, org, date, checkpoints);
            boolean passed = checkpoints.stream().allMatch(Checkpoint::passed);
            record(connection, provider, org, date, expectedTotal, passed);
        }
        return checkpoints;
    }

    private Checkpoint largestRow(BigDecimal usd, boolean released) {
        String remark = released ? " (released)" : usd.compareTo(config.rowWarnUsd()) >= 0 ? " (warning: large)" : "";
        return new Checkpoint(
                "5 dollars not cents",
                "largest row at most " + config.rowMaxUsd().toPlainString() + " USD, or released",
                plain(usd) + " USD" + remark,
                released || usd.compareTo(config.rowMaxUsd()) <= 0);
    }

    private static void warnings(
            Connection connection, Provider provider, String org, LocalDate date, List<Checkpoint> checkpoints)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(WARNINGS)) {
            select.setString(1, provider.wireName());
            select.setString(2, org);
            select.setObject(3, date);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    checkpoints.add(
                            new Checkpoint(rows.getString(1), rows.getString(2), rows.getString(3), true, true));
                }
            }
        }
    }

    private static boolean isZero(Optional<BigDecimal> amount) {
        return amount.filter(value -> value.signum() == 0).isPresent();
    }

    private static void add(List<Checkpoint> checkpoints, String name, String expected, long found) {
        checkpoints.add(new Checkpoint(name, expected, Long.toString(found), found == 0));
    }

    /** Without a good import of every data set there is nothing to validate. */
    private static void imported(
            Connection connection, Provider provider, String org, LocalDate date, List<Checkpoint> checkpoints)
            throws SQLException {
        String[] wanted = provider == Provider.CURSOR
                ? new String[] {Dataset.CURSOR_DAILY_USAGE.wireName(), Dataset.CURSOR_EVENTS.wireName()}
                : new String[] {Dataset.COST.wireName(), Dataset.USAGE.wireName(), Dataset.CLAUDE_CODE.wireName()};
        List<String> found = new ArrayList<>();
        int good = 0;
        try (PreparedStatement select = connection.prepareStatement(LEDGER)) {
            select.setString(1, provider.wireName());
            select.setString(2, org);
            select.setObject(3, date);
            select.setArray(4, connection.createArrayOf("text", wanted));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1) + " " + rows.getString(2));
                    good += ImportStatus.of(rows.getString(2)).good() ? 1 : 0;
                }
            }
        }
        checkpoints.add(new Checkpoint(
                "0 imported",
                String.join(", ", wanted) + ": ok",
                found.isEmpty() ? "nothing" : String.join(", ", found),
                good == wanted.length));
    }

    private static void accuracy(
            Money money, Pages pages, Optional<BigDecimal> expectedTotal, List<Checkpoint> checkpoints) {
        BigDecimal reference = expectedTotal.orElse(pages.total());
        BigDecimal tolerance = reference.multiply(RELATIVE_TOLERANCE).abs().max(DayChecks.TOLERANCE_USD);
        boolean near = money.total().subtract(reference).abs().compareTo(tolerance) <= 0
                && money.total().subtract(pages.total()).abs().compareTo(DayChecks.TOLERANCE_USD) <= 0;
        checkpoints.add(new Checkpoint(
                "1 cost accuracy",
                plain(reference) + " USD"
                        + (expectedTotal.isPresent() ? " (as given), pages " + plain(pages.total()) : " (pages)"),
                plain(money.total()) + " USD",
                near));
    }

    static String plain(BigDecimal amount) {
        return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
    }

    private static Money money(Connection connection, Dataset bill, String org, LocalDate date) throws SQLException {
        String sql = MONEY.formatted(bill.amount().orElseThrow(), bill.table());
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, date);
            select.setString(2, org);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new Money(row.getLong(1), row.getLong(2), row.getBigDecimal(3), row.getBigDecimal(4));
            }
        }
    }

    private static Pages pages(Connection connection, Provider provider, String org, LocalDate date)
            throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement(provider == Provider.CURSOR ? CURSOR_PAGES : COST_PAGES)) {
            select.setObject(1, date);
            select.setObject(2, date);
            select.setString(3, org);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new Pages(row.getLong(1), row.getBigDecimal(2));
            }
        }
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql);
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** The laws of the tables that do not hold on a day, in words. */
    public static List<String> brokenLaws(Connection connection, LocalDate date) throws SQLException {
        List<String> broken = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(LAWS)) {
            select.setObject(1, date);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    broken.add("%d %s: %s (expected: %s)"
                            .formatted(
                                    rows.getInt(1), rows.getString(2), rows.getBigDecimal(4), rows.getBigDecimal(3)));
                }
            }
        }
        return broken;
    }

    private void record(
            Connection connection,
            Provider provider,
            String org,
            LocalDate date,
            Optional<BigDecimal> expectedTotal,
            boolean passed)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(RECORD)) {
            insert.setString(1, provider.wireName());
            insert.setString(2, org);
            insert.setObject(3, date);
            insert.setBigDecimal(4, expectedTotal.orElse(null));
            insert.setBoolean(5, passed);
            insert.setObject(6, DayImport.utc(clock.instant()));
            insert.executeUpdate();
        }
    }
}

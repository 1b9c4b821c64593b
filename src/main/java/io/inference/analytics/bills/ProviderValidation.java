package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Checks a day at five checkpoints, against the archived pages and against a total that a person
 * has read from the provider's dashboard; also the six laws of the tables.
 */
@ApplicationScoped
public class ProviderValidation {

    /** Part of the reference; the tolerance is at least 0.01 USD. */
    private static final BigDecimal RELATIVE_TOLERANCE = new BigDecimal("0.0001");

    private static final String LEDGER =
            """
            select dataset, status from analytics.provider_import_day
            where provider = :provider and org_ref = :org and usage_date = :day and dataset = any (:datasets) order by dataset
            """;

    /** Whether a team whose events the key may not read has a sum of its spend since that day. */
    private static final String SPEND =
            """
            select exists (select from analytics.provider_import_day e
                           where e.provider = :provider and e.dataset = 'events' and e.org_ref = :org and e.usage_date = :day
                             and e.status = 'failed_permanent')
               and exists (select from analytics.provider_import_day s
                           where s.provider = :provider and s.dataset = 'spend' and s.org_ref = :org and s.usage_date >= :day
                             and s.status = 'ok')
            """;

    /**
     * What the archived pages of the last import say, read without the code that made rows of them.
     */
    private static final String PAGES =
            """
            select count(distinct page.ctid) as kept, count(item) as items,
                   coalesce(sum((jsonb_path_query_first(item, :amount::jsonpath) #>> '{}')::numeric * :unit)
                                filter (where jsonb_path_exists(item, :charged::jsonpath)), 0) as total
            from analytics.provider_raw_page page
            left join lateral jsonb_path_query(page.body, :items::jsonpath) item on true
            where page.provider = :provider and page.dataset = :dataset and page.usage_date = :day
              and page.run_id = (select run_id from analytics.provider_import_day
                                 where provider = :provider and dataset = :dataset and usage_date = :day and org_ref = :org)
            """;

    private static final String PAGES_GONE = "pages are no longer kept";

    private static final String MONEY =
            """
            select count(*) as rows, count(distinct line_key) as keys, coalesce(sum(%1$s), 0) as total, coalesce(max(%1$s), 0) as max
            from %2$s where activity_date = :day and organization_id = :org
            """;

    private static final String MONEY_COLUMNS =
            """
            select count(*) from information_schema.columns
            where table_schema = 'analytics' and table_name = 'claude_code_productivity'
              and (column_name ~ '(cost|amount|price|token)' or data_type in ('numeric', 'money'))
            """;

    private static final String LAWS =
            """
            select law, name, expected, found from analytics.provider_invariants(:day)
            where expected is distinct from found order by law
            """;

    private static final String WARNINGS =
            "select name, expected, found from analytics.provider_day_warnings(:provider, :org, :day)";

    private static final String RECORD =
            """
            insert into analytics.provider_validation (provider, org_ref, usage_date, expected_total, passed, validated_at)
            values (:provider, :org, :day, :expected, :passed, :now)
            """;

    /**
     * One checkpoint.
     *
     * @param expected in words or figures
     * @param found in words or figures
     * @param warning the day may be right, but a person should look
     */
    public record Checkpoint(String name, String expected, String found, boolean passed, boolean warning) {

        Checkpoint(String name, String expected, String found, boolean passed) {
            this(name, expected, found, passed, false);
        }
    }

    private record Money(long rows, long keys, BigDecimal total, BigDecimal max) {}

    /**
     * @param kept how many pages there are; they are deleted after {@code analytics.providers.raw-pages}
     */
    private record Pages(long kept, long items, BigDecimal total) {

        /** Nothing is left to compare a stored day with. */
        boolean goneOf(Money money) {
            return kept == 0 && money.rows() > 0;
        }
    }

    private final ProvidersConfig config;
    private final ProviderOrganizations organizations;
    private final Jdbi jdbi;
    private final Clock clock;

    ProviderValidation(ProvidersConfig config, ProviderOrganizations organizations, Jdbi jdbi, Clock clock) {
        this.config = config;
        this.organizations = organizations;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Checks a day of an organisation and records the result. The first day that passes allows the
     * backfill and the daily import.
     *
     * @param organization empty where there is only one
     * @param expectedTotal US dollars of the day on the provider's dashboard
     * @throws io.inference.analytics.platform.Failure.Invalid when there are several and none is
     *     named
     */
    public List<Checkpoint> validate(
            Provider provider, Optional<String> organization, LocalDate date, Optional<BigDecimal> expectedTotal) {
        String org = organizations.of(provider, organization).orElse("");
        DayKey key = new DayKey(provider.mainDataset(), org, date);
        return jdbi.withHandle(handle -> {
            List<Checkpoint> checkpoints = checkpoints(handle, key, expectedTotal);
            handle.createUpdate(RECORD)
                    .bind("provider", provider)
                    .bind("org", org)
                    .bind("day", date)
                    .bind("expected", expectedTotal)
                    .bind("passed", checkpoints.stream().allMatch(Checkpoint::passed))
                    .bind("now", clock.instant())
                    .execute();
            return checkpoints;
        });
    }

    private List<Checkpoint> checkpoints(Handle handle, DayKey bill, Optional<BigDecimal> expectedTotal) {
        Money money = money(handle, bill);
        Pages pages = pages(handle, bill);
        List<Checkpoint> checkpoints = new ArrayList<>();
        checkpoints.add(imported(handle, bill));
        checkpoints.add(accuracy(money, pages, expectedTotal));
        checkpoints.add(none("2 no duplicates", "0", money.rows() - money.keys()));
        checkpoints.add(complete(money, pages, expectedTotal));
        checkpoints.add(none(
                "4 no double count",
                "0 columns of money",
                handle.createQuery(MONEY_COLUMNS).mapTo(Long.class).one()));
        checkpoints.add(largestRow(money.max(), ReleasedDays.stored(handle, bill)));
        brokenLaws(handle, bill.day())
                .forEach(broken -> checkpoints.add(new Checkpoint("laws of the tables", "equal", broken, false)));
        checkpoints.addAll(warnings(handle, bill));
        UnitCheck.warning(handle, bill).ifPresent(checkpoints::add);
        return checkpoints;
    }

    private static Checkpoint complete(Money money, Pages pages, Optional<BigDecimal> expectedTotal) {
        if (pages.goneOf(money)) {
            return new Checkpoint("3 data complete", PAGES_GONE, money.rows() + " rows", true, true);
        }
        return new Checkpoint(
                "3 data complete",
                pages.items() + " rows",
                money.rows() + " rows",
                money.rows() == pages.items()
                        && (money.rows() > 0 || expectedTotal.isEmpty() || isZero(expectedTotal)));
    }

    private Checkpoint largestRow(BigDecimal usd, boolean released) {
        String remark = released ? " (released)" : usd.compareTo(config.rowWarnUsd()) >= 0 ? " (warning: large)" : "";
        return new Checkpoint(
                "5 dollars not cents",
                "largest row at most " + config.rowMaxUsd().toPlainString() + " USD, or released",
                plain(usd) + " USD" + remark,
                released || usd.compareTo(config.rowMaxUsd()) <= 0);
    }

    private static List<Checkpoint> warnings(Handle handle, DayKey bill) {
        return handle.createQuery(WARNINGS)
                .bind("provider", bill.dataset().provider())
                .bind("org", bill.orgRef())
                .bind("day", bill.day())
                .map(row -> new Checkpoint(
                        row.getColumn("name", String.class),
                        row.getColumn("expected", String.class),
                        row.getColumn("found", String.class),
                        true,
                        true))
                .list();
    }

    private static boolean isZero(Optional<BigDecimal> amount) {
        return amount.filter(value -> value.signum() == 0).isPresent();
    }

    private static Checkpoint none(String name, String expected, long found) {
        return new Checkpoint(name, expected, Long.toString(found), found == 0);
    }

    /** Without a good import of every data set there is nothing to validate. */
    private static Checkpoint imported(Handle handle, DayKey bill) {
        Provider provider = bill.dataset().provider();
        List<String> wanted =
                provider.datasetsWithPast().stream().map(Dataset::wireName).toList();
        Map<String, String> found = handle.createQuery(LEDGER)
                .bind("provider", provider)
                .bind("org", bill.orgRef())
                .bind("day", bill.day())
                .bindArray("datasets", String.class, wanted)
                .collectRows(Collectors.toMap(
                        row -> row.getColumn("dataset", String.class),
                        row -> row.getColumn("status", String.class),
                        (first, second) -> second,
                        LinkedHashMap::new));
        boolean spendInstead = handle.createQuery(SPEND)
                .bind("provider", provider)
                .bind("org", bill.orgRef())
                .bind("day", bill.day())
                .mapTo(Boolean.class)
                .one();
        long good = found.entrySet().stream()
                .filter(entry -> ImportStatus.of(entry.getValue()).good()
                        || (spendInstead && entry.getKey().equals(Dataset.CURSOR_EVENTS.wireName())))
                .count();
        return new Checkpoint(
                "0 imported",
                String.join(", ", wanted) + ": ok",
                found.isEmpty()
                        ? "nothing"
                        : found.entrySet().stream()
                                        .map(entry -> entry.getKey() + " " + entry.getValue())
                                        .collect(Collectors.joining(", "))
                                + (spendInstead ? ", spend ok in its place" : ""),
                good == wanted.size());
    }

    private static Checkpoint accuracy(Money money, Pages pages, Optional<BigDecimal> expectedTotal) {
        boolean gone = pages.goneOf(money);
        BigDecimal archived = gone ? money.total() : pages.total();
        BigDecimal reference = expectedTotal.orElse(archived);
        BigDecimal tolerance = reference.multiply(RELATIVE_TOLERANCE).abs().max(DayChecks.TOLERANCE_USD);
        boolean near = money.total().subtract(reference).abs().compareTo(tolerance) <= 0
                && money.total().subtract(archived).abs().compareTo(DayChecks.TOLERANCE_USD) <= 0;
        return new Checkpoint(
                "1 cost accuracy",
                expectedTotal.isPresent()
                        ? plain(reference) + " USD (as given), " + (gone ? PAGES_GONE : "pages " + plain(archived))
                        : gone ? PAGES_GONE : plain(reference) + " USD (pages)",
                plain(money.total()) + " USD",
                near);
    }

    static String plain(BigDecimal amount) {
        return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
    }

    private static Money money(Handle handle, DayKey bill) {
        String sql = MONEY.formatted(bill.dataset().amount().orElseThrow(), BaseTables.of(bill.dataset()));
        return handle.createQuery(sql)
                .bind("day", bill.day())
                .bind("org", bill.orgRef())
                .map(row -> new Money(
                        row.getColumn("rows", Long.class),
                        row.getColumn("keys", Long.class),
                        row.getColumn("total", BigDecimal.class),
                        row.getColumn("max", BigDecimal.class)))
                .one();
    }

    private static Pages pages(Handle handle, DayKey key) {
        Dataset.Bill bill = key.dataset().bill().orElseThrow();
        return key.bind(handle.createQuery(PAGES))
                .bind("items", bill.items())
                .bind("amount", bill.amount())
                .bind("unit", BigDecimal.ONE.movePointLeft(bill.decimals()))
                .bind("charged", bill.charged())
                .map(row -> new Pages(
                        row.getColumn("kept", Long.class),
                        row.getColumn("items", Long.class),
                        row.getColumn("total", BigDecimal.class)))
                .one();
    }

    /** The laws of the tables that do not hold on a day, in words. */
    public static List<String> brokenLaws(Handle handle, LocalDate date) {
        return handle.createQuery(LAWS)
                .bind("day", date)
                .map(row -> "%d %s: %s (expected: %s)"
                        .formatted(
                                row.getColumn("law", Integer.class),
                                row.getColumn("name", String.class),
                                row.getColumn("found", BigDecimal.class),
                                row.getColumn("expected", BigDecimal.class)))
                .list();
    }
}

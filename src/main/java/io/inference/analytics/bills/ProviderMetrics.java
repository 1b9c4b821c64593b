package io.inference.analytics.bills;

import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderHttp;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** What the ledger says, for Prometheus; every series is there from the start. Refreshed by the job. */
@ApplicationScoped
class ProviderMetrics {

    private static final String UNMAPPED = "select kind, count(*) from analytics.provider_unmapped group by kind";

    /** Of the tokens that could come from a cache, over the last 30 days. */
    private static final String CACHE_HITS =
            """
            select coalesce(sum(cache_read_input_tokens)::float8
                            / nullif(sum(uncached_input_tokens + cache_read_input_tokens), 0), 0)
            from analytics.claude_usage_report where activity_date > ?
            """;

    private static final String SUSPECT =
            "select count(*) from analytics.provider_import_day where status = 'suspect_empty' and suspect_count >= 3";

    /**
     * How well imports go, by provider. Refused are days that the checks before storing did not let in. What comes in while a day
     * still runs is no restatement.
     */
    private static final String QUALITY =
            """
            select named.provider, coalesce(tried.good, 1) as success_ratio, coalesce(checked.refused, 0) as invalid_ratio,
                   coalesce(changed.delta, 0) as restated_usd,
                   case when changed.delta is null then 0 else coalesce(changed.delta / nullif(changed.before, 0), 1) end as restated_ratio
            from unnest(array['anthropic', 'cursor']) as named (provider)
            left join (select provider, avg((status in ('ok', 'ok_empty'))::integer) as good
                       from analytics.provider_import_day where last_tried_at > ? group by provider) tried using (provider)
            left join (select provider, avg((status = 'quarantined'
                                  or coalesce(last_error_code in ('broken_field', 'storage_rejected'), false))::integer) as refused
                       from analytics.provider_import_day where usage_date > ? group by provider) checked using (provider)
            left join (select c.provider, sum(c.delta) as delta, sum(c.before) as before
                       from (select provider, sum(abs(c.delta)) as delta, (array_agg(r.amount_total order by r.revision))[1] as before
                             from analytics.provider_correction c join analytics.provider_day_revision r
                               using (provider, dataset, org_ref, usage_date)
                             where c.corrected_at > ? and r.revision = c.revision_from
                               and r.imported_at >= (usage_date + 1)::timestamp at time zone 'UTC'
                             group by provider, dataset, org_ref, usage_date) c
                       group by c.provider) changed using (provider)
            """;

    /** Gauges of {@link #QUALITY}: column, meter, description; all are 0 before the first look but the first, which is 1. */
    private static final String[][] QUALITIES = {
        {
            "success_ratio",
            "analytics.provider.success.ratio",
            "Of the days of reports tried within 24 hours, the part whose last try was good; 1 when none was tried"
        },
        {
            "invalid_ratio",
            "analytics.provider.invalid.ratio",
            "Of the days of reports of the last 30 days, the part that the checks before storing refuse"
        },
        {
            "restated_ratio",
            "analytics.provider.restated.ratio",
            "Corrections of the last 24 hours, without their signs, to what their days came to before"
        }
    };

    private static final String BROKEN =
            """
            select count(*) from (select distinct usage_date from analytics.provider_import_day where usage_date > ?) days
            cross join lateral analytics.provider_invariants(days.usage_date) laws
            where laws.expected is distinct from laws.found
            """;

    private static final String WATCH = "select * from analytics.provider_cost_watch(?)";

    private static final String SPEND =
            """
            select coalesce(max(unexplained_usd), 0) from analytics.cursor_spend_check
            where snapshot_date = (select max(snapshot_date) from analytics.cursor_spend_check)
            """;

    /** Gauges of {@link #WATCH}: column, meter, description. */
    private static final String[][] WATCHED = {
        {"last_day_usd", "analytics.provider.day.dollars", "Billed for the newest imported day before today"},
        {"week_mean_usd", "analytics.provider.week.mean.dollars", "Mean of the seven days before that one"},
        {"month_usd", "analytics.provider.month.dollars", "Billed for the running month, seats included"},
        {
            "month_before_usd",
            "analytics.provider.month.before.dollars",
            "Billed for the month before, up to the same day of it"
        }
    };

    private static final int LAWS_DAYS = 35;
    private static final int CACHE_DAYS = 30;
    private static final int CHECKED_DAYS = 30;
    private static final Duration RECENT = Duration.ofHours(24);

    private final LedgerQueries ledger;
    private final ProviderClients clients;
    private final DataSource dataSource;
    private final Clock clock;
    private final Map<String, AtomicLong> values = new ConcurrentHashMap<>();
    private final Map<Provider, Instant> lastSuccess = new ConcurrentHashMap<>();
    private final Map<String, Double> dollars = new ConcurrentHashMap<>();
    private final Map<String, Double> ratios = new ConcurrentHashMap<>();
    private volatile double cacheHits;
    private volatile double attributed = 1;
    private volatile double spendUnexplained;
    private volatile double restated;

    ProviderMetrics(
            LedgerQueries ledger, ProviderClients clients, DataSource dataSource, Clock clock, MeterRegistry registry) {
        this.ledger = ledger;
        this.clients = clients;
        this.dataSource = dataSource;
        this.clock = clock;
        Instant start = clock.instant();
        for (Provider provider : Provider.values()) {
            for (ImportStatus status : ImportStatus.values()) {
                Gauge.builder(
                                "analytics.provider.import.days",
                                value(provider.wireName() + "|" + status.wireName()),
                                AtomicLong::get)
                        .description("Days of the providers' reports by what their last import came to")
                        .tag("provider", provider.wireName())
                        .tag("status", status.wireName())
                        .register(registry);
            }
            Gauge.builder("analytics.provider.configured", value("configured|" + provider.wireName()), AtomicLong::get)
                    .description("1 where the provider's key is set")
                    .tag("provider", provider.wireName())
                    .register(registry);
            lastSuccess.put(provider, start);
            TimeGauge.builder(
                            "analytics.provider.last.success.timestamp",
                            lastSuccess,
                            TimeUnit.MILLISECONDS,
                            times -> times.get(provider).toEpochMilli())
                    .description(
                            "When a day of the provider was last found as it should be; the process's start before the first")
                    .tag("provider", provider.wireName())
                    .register(registry);
        }
        for (Provider provider : new Provider[] {Provider.ANTHROPIC, Provider.CURSOR}) {
            ProviderHttp.register(registry, provider);
            for (String[] gauge : WATCHED) {
                String key = gauge[0] + "|" + provider.wireName();
                Gauge.builder(gauge[1], dollars, amounts -> amounts.getOrDefault(key, 0.0))
                        .description(gauge[2] + ", US dollars")
                        .tag("provider", provider.wireName())
                        .register(registry);
            }
            for (String[] gauge : QUALITIES) {
                String key = gauge[0] + "|" + provider.wireName();
                double before = gauge == QUALITIES[0] ? 1 : 0;
                Gauge.builder(gauge[1], ratios, known -> known.getOrDefault(key, before))
                        .description(gauge[2])
                        .tag("provider", provider.wireName())
                        .register(registry);
            }
        }
        for (String kind : new String[] {"workspace", "key"}) {
            Gauge.builder("analytics.provider.unmapped", value("unmapped|" + kind), AtomicLong::get)
                    .description("Workspaces and keys with cost that nobody has mapped")
                    .tag("kind", kind)
                    .register(registry);
        }
        Gauge.builder("analytics.provider.suspect.empty.days", value("suspect"), AtomicLong::get)
                .description("Days that were found empty three times although they had rows")
                .register(registry);
        Gauge.builder("analytics.provider.cache.hit.ratio", this, self -> self.cacheHits)
                .description(
                        "Input tokens that came from a cache, of all that could, over the last 30 days of Anthropic's usage")
                .register(registry);
        Gauge.builder("analytics.provider.attributed.ratio", this, self -> self.attributed)
                .description("Of the costs of the last 30 days, the part that has a user or a team; 1 without costs")
                .register(registry);
        Gauge.builder("analytics.provider.cursor.spend.unexplained.dollars", this, self -> self.spendUnexplained)
                .description("How far Cursor's own sum of a user's cycle is from the imported charges, the worst user")
                .register(registry);
        Gauge.builder("analytics.provider.broken.laws", value("broken"), AtomicLong::get)
                .description("Laws of the provider tables that do not hold, over the last 35 days")
                .register(registry);
        Gauge.builder("analytics.provider.restated.dollars", this, self -> self.restated)
                .description("Sum of the corrections of the last 24 hours, without their signs")
                .register(registry);
    }

    private AtomicLong value(String name) {
        return values.computeIfAbsent(name, any -> new AtomicLong());
    }

    /** Being asked makes the bean, and so its series, at the start and not with the first round. */
    void onStart(@Observes StartupEvent event) {
        value("registered").set(1);
    }

    /** Reads the ledger anew. */
    void refresh() throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            Map<String, Map<String, Long>> counts = ledger.counts(connection, clock.instant());
            for (Provider provider : Provider.values()) {
                for (ImportStatus status : ImportStatus.values()) {
                    value(provider.wireName() + "|" + status.wireName())
                            .set(counts.getOrDefault(provider.wireName(), Map.of())
                                    .getOrDefault(status.wireName(), 0L));
                }
                value("configured|" + provider.wireName())
                        .set(clients.configured().contains(provider) ? 1 : 0);
                Instant success = ledger.lastSuccess(connection, provider);
                if (success.isAfter(Instant.EPOCH)) {
                    lastSuccess.put(provider, success);
                }
            }
            value("unmapped|workspace").set(0);
            value("unmapped|key").set(0);
            try (PreparedStatement select = connection.prepareStatement(UNMAPPED);
                    ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    value("unmapped|" + rows.getString(1)).set(rows.getLong(2));
                }
            }
            try (PreparedStatement select = connection.prepareStatement(SUSPECT);
                    ResultSet row = select.executeQuery()) {
                row.next();
                value("suspect").set(row.getLong(1));
            }
            try (PreparedStatement select = connection.prepareStatement(CACHE_HITS)) {
                select.setObject(
                        1, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(CACHE_DAYS));
                try (ResultSet row = select.executeQuery()) {
                    row.next();
                    cacheHits = row.getDouble(1);
                }
            }
            watch(connection);
            quality(connection);
        }
    }

    private void quality(Connection connection) throws SQLException {
        BigDecimal sum = BigDecimal.ZERO;
        try (PreparedStatement select = connection.prepareStatement(QUALITY)) {
            select.setObject(1, DayImport.utc(clock.instant().minus(RECENT)));
            select.setObject(
                    2, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(CHECKED_DAYS));
            select.setObject(3, DayImport.utc(clock.instant().minus(RECENT)));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    sum = sum.add(row.getBigDecimal("restated_usd"));
                    for (String[] gauge : QUALITIES) {
                        ratios.put(gauge[0] + "|" + row.getString("provider"), row.getDouble(gauge[0]));
                    }
                }
            }
        }
        restated = sum.doubleValue();
    }

    private void watch(Connection connection) throws SQLException {
        BigDecimal all = BigDecimal.ZERO;
        BigDecimal known = BigDecimal.ZERO;
        try (PreparedStatement select = connection.prepareStatement(WATCH)) {
            select.setObject(1, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    for (String[] gauge : WATCHED) {
                        dollars.put(gauge[0] + "|" + row.getString("provider"), row.getDouble(gauge[0]));
                    }
                    all = all.add(row.getBigDecimal("attributable_usd"));
                    known = known.add(row.getBigDecimal("attributed_usd"));
                }
            }
        }
        attributed =
                all.signum() == 0 ? 1 : known.divide(all, MathContext.DECIMAL64).doubleValue();
        try (PreparedStatement select = connection.prepareStatement(SPEND);
                ResultSet row = select.executeQuery()) {
            row.next();
            spendUnexplained = row.getDouble(1);
        }
    }

    /** Checks the laws of the tables over the last weeks. @return how many do not hold */
    long checkLaws() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(BROKEN)) {
            select.setObject(
                    1, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(LAWS_DAYS));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                value("broken").set(row.getLong(1));
                return row.getLong(1);
            }
        }
    }
}

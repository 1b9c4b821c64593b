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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/**
 * The state of the ledger, for Prometheus; every series exists from the start. The job refreshes
 * it.
 */
@ApplicationScoped
class ProviderMetrics {

    private static final String UNMAPPED =
            "select kind, count(*) as entries from analytics.provider_unmapped group by kind";

    /** The part of tokens that came from a cache, of those that could, over the last 30 days. */
    private static final String CACHE_HITS =
            """
            select coalesce(sum(cache_read_input_tokens)::float8
                            / nullif(sum(uncached_input_tokens + cache_read_input_tokens), 0), 0)
            from analytics.claude_usage_report where activity_date > :after
            """;

    private static final String SUSPECT =
            "select count(*) from analytics.provider_import_day where status = 'suspect_empty' and suspect_count >= 3";

    /**
     * The quality of imports, by provider. Refused are days that failed the checks before storing.
     * A change to a day that is not over yet is not a restatement.
     */
    private static final String QUALITY =
            """
            select named.provider, coalesce(tried.good, 1) as success_ratio, coalesce(checked.refused, 0) as invalid_ratio,
                   coalesce(changed.delta, 0) as restated_usd,
                   case when changed.delta is null then 0 else coalesce(changed.delta / nullif(changed.before, 0), 1) end as restated_ratio
            from unnest(:providers::text[]) as named (provider)
            left join (select provider, avg((status in ('ok', 'ok_empty'))::integer) as good
                       from analytics.provider_import_day where last_tried_at > :recent group by provider) tried using (provider)
            left join (select provider, avg((status = 'quarantined'
                                  or coalesce(last_error_code in ('broken_field', 'storage_rejected'), false))::integer) as refused
                       from analytics.provider_import_day where usage_date > :after group by provider) checked using (provider)
            left join (select c.provider, sum(c.delta) as delta, sum(c.before) as before
                       from (select provider, sum(abs(c.delta)) as delta, (array_agg(r.amount_total order by r.revision))[1] as before
                             from analytics.provider_correction c join analytics.provider_day_revision r
                               using (provider, dataset, org_ref, usage_date)
                             where c.corrected_at > :recent and r.revision = c.revision_from
                               and r.imported_at >= (usage_date + 1)::timestamp at time zone 'UTC'
                             group by provider, dataset, org_ref, usage_date) c
                       group by c.provider) changed using (provider)
            """;

    /** A gauge of a column, and its value before the first refresh. */
    private record Column(String name, String meter, String description, double initial) {}

    private static final List<Column> QUALITIES = List.of(
            new Column(
                    "success_ratio",
                    "analytics.provider.success.ratio",
                    "Of the days of reports tried within 24 hours, the part whose last attempt was good; 1 when none"
                            + " was tried",
                    1),
            new Column(
                    "invalid_ratio",
                    "analytics.provider.invalid.ratio",
                    "Of the days of reports of the last 30 days, the part that the checks before storing refused",
                    0),
            new Column(
                    "restated_ratio",
                    "analytics.provider.restated.ratio",
                    "Absolute corrections of the last 24 hours, as a part of the previous amounts of their days",
                    0));

    /** As the view provider_restatement, which would read the corrections of all days first. */
    private static final String CLOSED =
            """
            select named.provider, coalesce((
                select sum(abs(delta)) from analytics.provider_correction join analytics.provider_import_day using (provider, dataset, org_ref, usage_date)
                where provider = named.provider and corrected_at > :recent and corrected_at > closed_at and dataset in ('cost', 'events')), 0) as restated_usd
            from unnest(:providers::text[]) as named (provider)
            """;

    private static final Column CLOSED_COLUMN = new Column(
            "restated_usd",
            "analytics.provider.closed.restated.dollars",
            "Absolute corrections of the last 24 hours to days that were final, US dollars",
            0);

    /** Of all processes: one that only imports has ended before its metrics are read. */
    private static final String REFUSED =
            """
            select named.provider, coalesce(sum((r.counters -> 'requests' ->> 'rate_limited')::bigint), 0) as refused
            from unnest(:providers::text[]) as named (provider)
            left join analytics.provider_import_run r on r.provider = named.provider and r.finished_at > :hour
            group by named.provider
            """;

    private static final Column REFUSED_COLUMN = new Column(
            "refused",
            "analytics.provider.runs.rate.limited",
            "Requests that were answered with 429 in the runs that ended within an hour, of all processes",
            0);

    private static final String BROKEN =
            """
            select count(*) from (select distinct usage_date from analytics.provider_import_day where usage_date > :after) days
            cross join lateral analytics.provider_invariants(days.usage_date) laws
            where laws.expected is distinct from laws.found
            """;

    private static final String WATCH = "select * from analytics.provider_cost_watch(:today)";

    private static final String SPEND =
            """
            select coalesce(max(unexplained_usd), 0) as usd from analytics.cursor_spend_check
            where snapshot_date = (select max(snapshot_date) from analytics.cursor_spend_check where snapshot_date > :after)
            """;

    private static final List<Column> WATCHED = List.of(
            new Column(
                    "last_day_usd",
                    "analytics.provider.day.dollars",
                    "Billed for the newest imported day before today, US dollars",
                    0),
            new Column(
                    "week_mean_usd",
                    "analytics.provider.week.mean.dollars",
                    "Mean of the seven days before that one, US dollars",
                    0),
            new Column(
                    "month_usd",
                    "analytics.provider.month.dollars",
                    "Billed for the running month, seats included, US dollars",
                    0),
            new Column(
                    "month_before_usd",
                    "analytics.provider.month.before.dollars",
                    "Billed for the previous month, up to the same day of it, US dollars",
                    0));

    private static final int LAWS_DAYS = 35;
    private static final int CACHE_DAYS = 30;

    /** A snapshot older than a cycle says nothing about the running one. */
    private static final int CYCLE_DAYS = 31;

    private static final int CHECKED_DAYS = 30;
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration RECENT = Duration.ofHours(24);

    /** Bills that no process tried to import for so long are not expected, if this process has no key. */
    private static final Duration IMPORTED = Duration.ofDays(30);

    private final LedgerQueries ledger;
    private final ProviderClients clients;
    private final Jdbi jdbi;
    private final Clock clock;
    private final Map<String, AtomicLong> values = new ConcurrentHashMap<>();
    private final Map<Provider, Instant> lastSuccess = new ConcurrentHashMap<>();
    private final Map<String, Double> columns = new ConcurrentHashMap<>();
    private volatile double cacheHits;
    private volatile double attributed = 1;
    private volatile double spendUnexplained;
    private volatile double restated;

    ProviderMetrics(LedgerQueries ledger, ProviderClients clients, Jdbi jdbi, Clock clock, MeterRegistry registry) {
        this.ledger = ledger;
        this.clients = clients;
        this.jdbi = jdbi;
        this.clock = clock;
        for (Provider provider : Provider.values()) {
            registerDays(registry, provider);
        }
        for (Provider provider : Provider.withApi()) {
            ProviderHttp.register(registry, provider);
            WATCHED.forEach(column -> register(registry, provider, column));
            QUALITIES.forEach(column -> register(registry, provider, column));
            register(registry, provider, CLOSED_COLUMN);
            register(registry, provider, REFUSED_COLUMN);
        }
        registerTotals(registry);
    }

    private void registerDays(MeterRegistry registry, Provider provider) {
        for (ImportStatus status : ImportStatus.values()) {
            Gauge.builder("analytics.provider.import.days", days(provider, status), AtomicLong::get)
                    .description("Days of the providers' reports by the outcome of their last import")
                    .tag("provider", provider.wireName())
                    .tag("status", status.wireName())
                    .register(registry);
        }
        Gauge.builder("analytics.provider.configured", configured(provider), AtomicLong::get)
                .description("1 where the provider's key is set, or another process tried to import its bills within 30"
                        + " days")
                .tag("provider", provider.wireName())
                .register(registry);
        lastSuccess.put(provider, clock.instant());
        TimeGauge.builder(
                        "analytics.provider.last.success.timestamp",
                        lastSuccess,
                        TimeUnit.MILLISECONDS,
                        times -> times.get(provider).toEpochMilli())
                .description("When a day of the provider was last found good; the process's start before the first")
                .tag("provider", provider.wireName())
                .register(registry);
    }

    private void register(MeterRegistry registry, Provider provider, Column column) {
        String key = key(column, provider.wireName());
        Gauge.builder(column.meter(), columns, known -> known.getOrDefault(key, column.initial()))
                .description(column.description())
                .tag("provider", provider.wireName())
                .register(registry);
    }

    private void registerTotals(MeterRegistry registry) {
        for (String kind : List.of("workspace", "key")) {
            Gauge.builder("analytics.provider.unmapped", unmapped(kind), AtomicLong::get)
                    .description("Workspaces and keys with cost and without a mapping")
                    .tag("kind", kind)
                    .register(registry);
        }
        Gauge.builder("analytics.provider.suspect.empty.days", value("suspect"), AtomicLong::get)
                .description("Days that were found empty three times although they had rows")
                .register(registry);
        Gauge.builder("analytics.provider.cache.hit.ratio", this, self -> self.cacheHits)
                .description(
                        "Of Anthropic's input tokens of the last 30 days that a cache could serve, the part that it"
                                + " did")
                .register(registry);
        Gauge.builder("analytics.provider.attributed.ratio", this, self -> self.attributed)
                .description("Of the costs of the last 30 days, the part that has a user or a team; 1 without costs")
                .register(registry);
        Gauge.builder("analytics.provider.cursor.spend.unexplained.dollars", this, self -> self.spendUnexplained)
                .description("Largest difference between Cursor's own sum of a user's cycle and the imported charges")
                .register(registry);
        Gauge.builder("analytics.provider.broken.laws", value("broken"), AtomicLong::get)
                .description("Laws of the provider tables that do not hold, over the last 35 days")
                .register(registry);
        Gauge.builder("analytics.provider.restated.dollars", this, self -> self.restated)
                .description("Sum of the absolute corrections of the last 24 hours")
                .register(registry);
    }

    private AtomicLong value(String name) {
        return values.computeIfAbsent(name, any -> new AtomicLong());
    }

    private AtomicLong days(Provider provider, ImportStatus status) {
        return value(provider.wireName() + "|" + status.wireName());
    }

    private AtomicLong configured(Provider provider) {
        return value("configured|" + provider.wireName());
    }

    private AtomicLong unmapped(String kind) {
        return value("unmapped|" + kind);
    }

    private static String key(Column column, String provider) {
        return column.name() + "|" + provider;
    }

    /** Observing the start creates the bean, and so its series, before the first round. */
    void onStart(@Observes StartupEvent event) {
        value("registered").set(1);
    }

    /** Reads the ledger again. */
    void refresh() {
        jdbi.useHandle(handle -> {
            refreshDays(handle);
            Map<String, Long> unmapped = handle.createQuery(UNMAPPED)
                    .collectRows(Collectors.toMap(
                            row -> row.getColumn("kind", String.class), row -> row.getColumn("entries", Long.class)));
            unmapped("workspace").set(unmapped.getOrDefault("workspace", 0L));
            unmapped("key").set(unmapped.getOrDefault("key", 0L));
            value("suspect").set(handle.createQuery(SUSPECT).mapTo(Long.class).one());
            cacheHits = handle.createQuery(CACHE_HITS)
                    .bind("after", today().minusDays(CACHE_DAYS))
                    .mapTo(Double.class)
                    .one();
            spendUnexplained = handle.createQuery(SPEND)
                    .bind("after", today().minusDays(CYCLE_DAYS))
                    .mapTo(Double.class)
                    .one();
            watch(handle);
            quality(handle);
            read(handle.createQuery(CLOSED).bind("recent", clock.instant().minus(RECENT)), CLOSED_COLUMN);
            read(handle.createQuery(REFUSED).bind("hour", clock.instant().minus(HOUR)), REFUSED_COLUMN);
        });
    }

    private LocalDate today() {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    }

    private void refreshDays(Handle handle) {
        Map<String, Map<String, Long>> counts = ledger.counts(handle, clock.instant());
        Set<String> imported = ledger.tried(handle, clock.instant().minus(IMPORTED));
        for (Provider provider : Provider.values()) {
            Map<String, Long> ofProvider = counts.getOrDefault(provider.wireName(), Map.of());
            for (ImportStatus status : ImportStatus.values()) {
                days(provider, status).set(ofProvider.getOrDefault(status.wireName(), 0L));
            }
            boolean wanted = clients.configured().contains(provider) || imported.contains(provider.wireName());
            configured(provider).set(wanted ? 1 : 0);
        }
        lastSuccess.putAll(ledger.lastSuccess(handle));
    }

    private static List<String> named() {
        return Provider.withApi().stream().map(Provider::wireName).toList();
    }

    private void quality(Handle handle) {
        List<BigDecimal> restatements = handle.createQuery(QUALITY)
                .bindArray("providers", String.class, named())
                .bind("recent", clock.instant().minus(RECENT))
                .bind("after", today().minusDays(CHECKED_DAYS))
                .map(row -> {
                    QUALITIES.forEach(column -> read(row, column));
                    return row.getColumn("restated_usd", BigDecimal.class);
                })
                .list();
        restated =
                restatements.stream().reduce(BigDecimal.ZERO, BigDecimal::add).doubleValue();
    }

    private void read(RowView row, Column column) {
        Double value = row.getColumn(column.name(), Double.class);
        columns.put(key(column, row.getColumn("provider", String.class)), value == null ? 0 : value);
    }

    private void read(Query byProvider, Column column) {
        byProvider
                .bindArray("providers", String.class, named())
                .map((RowView row) -> {
                    read(row, column);
                    return column;
                })
                .list();
    }

    private record Attribution(BigDecimal all, BigDecimal known) {

        static final Attribution NONE = new Attribution(BigDecimal.ZERO, BigDecimal.ZERO);

        Attribution plus(Attribution more) {
            return new Attribution(all.add(more.all), known.add(more.known));
        }

        double ratio() {
            return all.signum() == 0
                    ? 1
                    : known.divide(all, MathContext.DECIMAL64).doubleValue();
        }
    }

    private void watch(Handle handle) {
        List<Attribution> attributions = handle.createQuery(WATCH)
                .bind("today", today())
                .map(row -> {
                    WATCHED.forEach(column -> read(row, column));
                    return new Attribution(
                            row.getColumn("attributable_usd", BigDecimal.class),
                            row.getColumn("attributed_usd", BigDecimal.class));
                })
                .list();
        attributed = attributions.stream()
                .reduce(Attribution.NONE, Attribution::plus)
                .ratio();
    }

    /** Checks the laws of the tables over the last weeks. @return how many do not hold */
    long checkLaws() {
        long broken = jdbi.withHandle(handle -> handle.createQuery(BROKEN)
                .bind("after", today().minusDays(LAWS_DAYS))
                .mapTo(Long.class)
                .one());
        value("broken").set(broken);
        return broken;
    }
}

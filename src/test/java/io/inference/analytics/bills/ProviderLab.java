package io.inference.analytics.bills;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.attribution.Seats;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.attribution.UnmappedCosts;
import io.inference.analytics.database.TestJdbi;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.FakeCursor;
import io.inference.analytics.devtools.FakeOpenAi;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderClients;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.ProvidersConfig;
import io.inference.analytics.provider.WorkspaceRef;
import io.inference.analytics.settings.SettingSource;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.assertj.core.groups.Tuple;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The room by hand: a migrated database of its own, a fake of the providers, and a clock that stands. Registered as an extension of a
 * test class, it is reset before each test and closed after the last.
 */
public final class ProviderLab implements AutoCloseable, BeforeEachCallback, AfterAllCallback {

    public static final LocalDate OCT_15 = LocalDate.of(2025, 10, 15);
    public static final LocalDate OCT_16 = LocalDate.of(2025, 10, 16);
    public static final Instant NOW = Instant.parse("2025-10-19T13:00:00Z");

    /** Before all days of the fixtures. */
    public static final LocalDate FIRST_DAY = LocalDate.of(2025, 1, 1);

    static final int LAWS_OF_A_DAY = 8;

    /** More of a day with a bill, of Anthropic or of OpenAI. */
    private static final int LAWS_OF_A_BILL = 2;

    static final int LAWS_OF_A_BILLED_DAY = LAWS_OF_A_DAY + LAWS_OF_A_BILL;

    public static final String WORKSPACE = "wrkspc_01TESTCODE00000000000001";

    public FakeAnthropic anthropicApi = FakeAnthropic.started();
    public FakeCursor cursorApi = FakeCursor.started();
    public FakeOpenAi openaiApi = FakeOpenAi.started();
    final Map<String, String> settings;
    public final Sql database;
    private final Jdbi jdbi;
    private final Runnable end;
    private final Map<String, String> properties = new HashMap<>();
    private Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);

    /** With a database of its own. */
    public ProviderLab() {
        TestBackends backends = new TestBackends().needing(Backend.POSTGRES);
        settings = backends.start();
        database = new Sql(settings.get("DATABASE_URL"));
        PGSimpleDataSource plain = Sql.at(settings.get("DATABASE_URL"));
        AgroalDataSource pool = pool(plain);
        jdbi = TestJdbi.over(pool);
        end = () -> {
            pool.close();
            backends.stop();
        };
        String flavour = settings.get("STORAGE_FLAVOUR");
        Flyway.configure()
                .dataSource(pool)
                .locations(Stream.of("common", flavour.equals("citus") ? "postgres" : flavour, flavour)
                        .distinct()
                        .map(folder -> "filesystem:db/migrations/" + folder)
                        .toArray(String[]::new))
                .schemas("analytics")
                .defaultSchema("analytics")
                .load()
                .migrate();
        reset();
    }

    private static AgroalDataSource pool(PGSimpleDataSource plain) {
        try {
            return AgroalDataSource.from(
                    new AgroalDataSourceConfigurationSupplier().connectionPoolConfiguration(pool -> pool.maxSize(8)
                            .connectionFactoryConfiguration(factory -> factory.jdbcUrl(plain.getURL())
                                    .principal(new NamePrincipal(plain.getUser()))
                                    .credential(new SimplePassword(plain.getPassword())))));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** On a migrated database. */
    public ProviderLab(DataSource dataSource) {
        this(dataSource, 0);
    }

    /** On a migrated database, with the fake of Anthropic at a port that the application knows. */
    ProviderLab(DataSource dataSource, int port) {
        jdbi = TestJdbi.over(dataSource);
        settings = Map.of();
        database = new Sql(dataSource);
        end = () -> {};
        if (port != 0) {
            anthropicApi.close();
            anthropicApi = FakeAnthropic.startedAt(port);
        }
        defaults();
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    /** Empty tables, another server, and the settings of tests. */
    void reset() {
        empty();
        closeApis();
        anthropicApi = FakeAnthropic.started();
        cursorApi = FakeCursor.started();
        openaiApi = FakeOpenAi.started();
        clock = Clock.fixed(NOW, ZoneOffset.UTC);
        defaults();
    }

    /** Empty tables. */
    public void empty() {
        database.execute(
                """
                do $$ declare name text; begin
                    for name in select format('%I.%I', schemaname, tablename) from pg_tables
                        where schemaname = 'nonfinancial' or schemaname = 'analytics' and (tablename ~ '^(provider|claude|cursor|openai|fact|dim|manual)_'
                              or tablename in ('workspace_platform', 'workspace_report', 'api_key_mapping')) loop
                        execute 'delete from ' || name;
                    end loop;
                end $$
                """);
    }

    private void defaults() {
        properties.clear();
        set("anthropic-url", anthropicApi.url());
        set("anthropic-key", " " + FakeAnthropic.KEY + "\n");
        set("anthropic-organization", FakeAnthropic.ORG);
        set("anthropic-rate-limit-pause", "1ms");
        set("anthropic-fault-pause", "1ms");
        set("anthropic-timeout", "2s");
        set("cursor-url", cursorApi.url());
        set("cursor-key", FakeCursor.KEY);
        set("cursor-pause", "1ms");
        set("cursor-requests-per-minute", "0");
        set("openai-url", openaiApi.url());
        set("openai-key", FakeOpenAi.KEY);
        set("openai-pause", "1ms");
        set("backfill-pause", "0ms");
    }

    public void set(String property, String value) {
        properties.put("analytics.providers." + property, value);
    }

    public void at(Instant now) {
        clock = Clock.fixed(now, ZoneOffset.UTC);
    }

    public Clock clock() {
        return clock;
    }

    ProvidersConfig config() {
        return new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new DurationConverter())
                .addDefaultInterceptors()
                .withSources(new SettingSource(), new PropertiesConfigSource(properties, "test", 300))
                .withMapping(ProvidersConfig.class)
                .build()
                .getConfigMapping(ProvidersConfig.class);
    }

    ProviderClients clients() {
        return new ProviderClients(config(), new SimpleMeterRegistry(), clock);
    }

    public DayImport store() {
        return new DayImport(config(), clock);
    }

    public RunRecords runs() {
        return new RunRecords(clock);
    }

    LedgerQueries ledger() {
        return new LedgerQueries(jdbi);
    }

    public ProviderImports imports() {
        return new ProviderImports(clients(), runs(), store(), ledger(), new DirectoryStore(), config(), jdbi, clock);
    }

    public ProviderImports.Summary anthropic(LocalDate day) throws SQLException, InterruptedException {
        return imports().importDay(Provider.ANTHROPIC, day, false, "test", outcome -> {});
    }

    public ProviderMappings mappings() {
        return new ProviderMappings(jdbi, clock);
    }

    public Seats seats() {
        return new Seats(jdbi, clock);
    }

    public UnmappedCosts unmapped() {
        return new UnmappedCosts(jdbi);
    }

    public ProviderOrganizations organizations() {
        return new ProviderOrganizations(config(), jdbi);
    }

    public ProviderValidation validation() {
        return new ProviderValidation(config(), organizations(), jdbi, clock);
    }

    public ProviderImports.Summary cursor(LocalDate day) throws SQLException, InterruptedException {
        return imports().importDay(Provider.CURSOR, day, false, "test", outcome -> {});
    }

    public ProviderImports.Summary openai(LocalDate day) throws InterruptedException {
        return imports().importDay(Provider.OPENAI, day, false, "test", outcome -> {});
    }

    /** Imports the days of Anthropic again, good or not. */
    ProviderImports.Summary importAgain(LocalDate from, LocalDate to) throws InterruptedException {
        return imports()
                .backfill(Provider.ANTHROPIC, new ProviderImports.Range(from, to, true, false), "test", outcome -> {});
    }

    /** Says that the workspace of F1 is used for Claude Code. */
    public void mapWorkspace() {
        mappings().mapWorkspace(WorkspaceRef.of(WORKSPACE), Tool.CLAUDE_CODE, FIRST_DAY, "test");
    }

    /** Dollars without trailing zeros, as {@link #amount} gives them. */
    public static BigDecimal usd(String amount) {
        return new BigDecimal(amount).stripTrailingZeros();
    }

    public BigDecimal amount(String query) {
        return usd(database.text(query));
    }

    /** What Anthropic's stored cost reports add up to. */
    public BigDecimal billed() {
        return billed("true");
    }

    /** @param where a condition over claude_costs */
    public BigDecimal billed(String where) {
        return sum("analytics.claude_costs", "amount_usd", where);
    }

    /** @param where a condition over claude_expenses */
    public BigDecimal expenses(String where) {
        return sum("analytics.claude_expenses", "cost_usd", where);
    }

    public BigDecimal sum(String table, String column, String where) {
        return amount("select coalesce(sum(%s), 0) from %s where %s".formatted(column, table, where));
    }

    /** Status, error code and revision of a day in the ledger. */
    Tuple day(String dataset, LocalDate day) {
        return database.rows(
                        """
                        select status, last_error_code, revision from analytics.provider_import_day
                        where dataset = '%s' and usage_date = '%s'
                        """
                                .formatted(dataset, day))
                .get(0);
    }

    /** The laws of the tables hold on a day, and none of them was left out. */
    public void assertLawsHold(LocalDate day) {
        List<String> broken = jdbi.withHandle(handle -> ProviderValidation.brokenLaws(handle, day));
        assertThat(broken).isEmpty();
        long bills = Stream.of("analytics.claude_costs", "analytics.openai_costs")
                .filter(table ->
                        database.number("select count(*) from " + table + " where activity_date = '" + day + "'") > 0)
                .count();
        assertThat(database.number("select count(*) from analytics.provider_invariants('" + day + "')"))
                .isEqualTo(LAWS_OF_A_DAY + bills * LAWS_OF_A_BILL);
    }

    /** The results of F1's cost report, to change them. */
    public static ArrayNode f1() {
        return (ArrayNode) file("f1-cost.json").at("/data/0/results");
    }

    /** F1's results with another amount, in cents, of its first item. */
    public static ArrayNode f1(String cents) {
        ArrayNode results = f1();
        ((ObjectNode) results.get(0)).put("amount", cents);
        return results;
    }

    /** The fixture F1: 15 October, 13 items, 22.72 USD. */
    public void offerF1() {
        offerF1(OCT_15);
    }

    /** F1 as if it were of another day. */
    public void offerF1(LocalDate day) {
        JsonNode records = file("f1-claude-code.json").path("data");
        records.forEach(one -> ((ObjectNode) one).put("date", day + "T00:00:00Z"));
        anthropicApi.cost(day, f1());
        anthropicApi.usage(day, file("f1-usage.json").at("/data/0/results"));
        anthropicApi.claudeCode(day, records);
        anthropicApi.list("workspaces", file("workspaces.json").path("data"));
        anthropicApi.list("api_keys", file("api-keys.json").path("data"));
        anthropicApi.list("users", file("users.json").path("data"));
    }

    public static JsonNode file(String name) {
        try (InputStream in = ProviderLab.class.getResourceAsStream("/providers/" + name)) {
            return ProviderHttp.JSON.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        reset();
    }

    @Override
    public void afterAll(ExtensionContext test) {
        close();
    }

    @Override
    public void close() {
        closeApis();
        end.run();
    }

    private void closeApis() {
        anthropicApi.close();
        cursorApi.close();
        openaiApi.close();
    }
}

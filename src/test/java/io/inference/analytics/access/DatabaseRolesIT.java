package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.devtools.ConfirmedPublisher;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import io.inference.analytics.testing.Tokens;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged service with the roles of {@code db/roles.sql}: it does all of its work, and no role can do more than its own. */
class DatabaseRolesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String DENIED = "42501";
    /** Roles belong to the whole server, and an interrupted run leaves its own. */
    private static final String READER =
            "reader_" + UUID.randomUUID().toString().replace("-", "");

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ);
    private static Map<String, String> settings;
    private static Sql superuser;
    private static Sql service;
    private static Sql reader;
    private static UUID org;
    private static UUID foreign;

    @BeforeAll
    static void serveWithRoles() throws Exception {
        settings = new HashMap<>(BACKENDS.start());
        String roles = Files.readString(Path.of("db/roles.sql"));
        String url = settings.get("DATABASE_URL");
        superuser = new Sql(url);
        superuser.execute(roles);
        // Flavour citus connects to itself with the password of the server's own user.
        String password = URI.create(url).getUserInfo().split(":", 2)[1];
        for (String role : List.of("analytics_migrator", "analytics_service")) {
            superuser.execute("alter role " + role + " password '" + password + "'");
        }
        if (settings.get("STORAGE_FLAVOUR").equals("timescale")) {
            superuser.execute("create extension if not exists timescaledb");
        }
        Map<String, String> migrating = new HashMap<>(settings);
        migrating.put("DATABASE_URL", as(url, "analytics_migrator", password));
        CommandProcess.Result migrated = CommandProcess.run(migrating, "migrate");
        assertThat(migrated.exitCode()).as(migrated.toString()).isZero();
        superuser.execute(roles);
        superuser.execute(roles);
        superuser.execute("create role " + READER + " login password '" + password + "' in role analytics_reader");

        settings.put("DATABASE_URL", as(url, "analytics_service", password));
        settings.put("ROLLUP_INTERVAL", "500ms");
        service = new Sql(settings.get("DATABASE_URL"));
        reader = new Sql(as(url, READER, password));
        List<byte[]> bodies =
                SampleEvents.bodies(new SampleOptions(300, 2, 2, 0, 5, 0, 0, 0, 0, 21, Instant.now(), Duration.ZERO));
        try (ServiceProcess running = ServiceProcess.start(settings).awaitReady()) {
            try (ConfirmedPublisher publisher =
                    new ConfirmedPublisher(settings.get("RABBITMQ_URL"), Clock.systemUTC())) {
                for (byte[] body : bodies) {
                    publisher.publish(body);
                }
                publisher.awaitConfirms();
            }
            await().atMost(PATIENCE)
                    .until(() -> superuser.number("select count(*) from analytics.usage_events") == bodies.size()
                            && superuser.number("select count(*) from analytics.rollup_outbox") == 0);
            org = UUID.fromString(superuser.text("select min(org_id::text) from analytics.usage_events"));
            foreign = UUID.fromString(superuser.text("select max(org_id::text) from analytics.usage_events"));
            assertThat(running.get(
                                    "/analytics/v1/orgs/" + org + "/freshness",
                                    Tokens.sign(Tokens.claims(List.of("engineer"), org), settings))
                            .statusCode())
                    .as(running.log())
                    .isEqualTo(200);
            running.stop();
            assertThat(running.log()).doesNotContain("42501", "permission denied", "must be owner");
        }
        superuser.execute("insert into analytics_dashboard.readers values ('%s', '%s')".formatted(READER, org));
    }

    @AfterAll
    static void end() {
        if (superuser != null) {
            superuser.execute("drop owned by " + READER);
            superuser.execute("drop role " + READER);
        }
        BACKENDS.stop();
    }

    private static String as(String url, String role, String password) {
        return url.replaceFirst("//[^@]*@", "//" + role + ":" + password + "@");
    }

    private static void denied(Sql who, String sql) {
        assertThatThrownBy(() -> who.execute(sql))
                .as(sql)
                .cause()
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(DENIED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update analytics.audit_log set actor = 'nobody'",
                "delete from analytics.audit_log",
                "truncate analytics.audit_log",
                "drop table analytics.audit_log",
                "alter table analytics.audit_log disable trigger all",
                "alter table analytics.audit_log detach partition %s",
                "update %s set actor = 'nobody'",
                "delete from %s",
                "insert into %s select * from analytics.audit_log",
                "drop table %s",
                "delete from analytics.audit_head",
                "insert into analytics.audit_checkpoints values (1, now(), '')",
                "delete from analytics.audit_checkpoints",
                "create or replace function analytics.purge_audit(timestamptz) returns integer language sql as 'select 1'",
                "set role analytics_migrator",
                "create table analytics.mine (a integer)",
                "update analytics.flyway_schema_history set checksum = 0"
            })
    void theServiceOnlyAddsToTheAuditLog(String sql) {
        String partition = superuser.text(
                "select 'analytics.' || min(relname) from pg_inherits join pg_class on oid = inhrelid where inhparent = 'analytics.audit_log'::regclass");
        denied(service, sql.replace("%s", partition));
    }

    @Test
    void theServiceWroteTheAuditLogAndMakesItsPartitions() {
        assertThat(superuser.number("select count(*) from analytics.audit_log where actor = 'tester'"))
                .isPositive();
        assertThat(service.text("select analytics.ensure_audit_month('2031-01-01')"))
                .isEqualTo("t");
        denied(service, "delete from analytics.audit_log_203101");
        assertThat(service.number("select analytics.purge_audit('infinity')"))
                .as("nothing that is young goes")
                .isZero();
    }

    @Test
    void theServiceMayDoWhatItsJobsDo() {
        long before = superuser.number("select sum(invocations) from analytics.usage_daily");
        service.text("select analytics.close_days(date_trunc('day', now(), 'UTC') + interval '1 day')");
        assertThat(superuser.number("select sum(invocations) from analytics.usage_daily"))
                .as("closed days")
                .isEqualTo(before);
        assertThat(service.number("select count(*) from nonfinancial.claude_code_estimate"))
                .as("estimates of the import")
                .isZero();
    }

    @Test
    void aReaderSeesTheViewsOfItsOrganisationsOnly() {
        assertThat(reader.number("select sum(invocations) from analytics_dashboard.usage_hourly"))
                .isEqualTo(
                        superuser.number("select count(*) from analytics.usage_events where org_id = '" + org + "'"));
        for (String view : List.of("usage_hourly", "usage_daily", "latency_hourly", "freshness_status")) {
            assertThat(reader.text("select string_agg(distinct org_id::text, ',') from analytics_dashboard." + view))
                    .as(view)
                    .isEqualTo(org.toString());
        }
        for (String table : List.of(
                "analytics.usage_events",
                "analytics.usage_hourly",
                "analytics.audit_log",
                "analytics.api_keys",
                "analytics.orgs",
                "analytics_dashboard.readers")) {
            denied(reader, "select * from " + table);
        }
        denied(reader, "insert into analytics_dashboard.readers values ('" + READER + "', '" + foreign + "')");
        denied(reader, "update analytics_dashboard.orgs set name = 'x'");
        denied(reader, "create temporary table mine (a integer)");
    }

    /** Without the barrier the planner would run a cheap function on rows that the filter has not seen. */
    @Test
    void noFunctionOfAReaderSeesForeignRows() throws Exception {
        superuser.execute(
                "create or replace function public.peek(id uuid) returns boolean language plpgsql cost 0.0000001 as"
                        + " $$ begin raise notice 'seen %', id; return true; end $$");
        superuser.execute("grant execute on function public.peek(uuid) to " + READER);
        List<String> seen = new ArrayList<>();
        try (Connection connection = reader.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select * from analytics_dashboard.freshness_status where public.peek(org_id)")) {
            while (rows.next()) {
                assertThat(rows.getString("org_id")).isEqualTo(org.toString());
            }
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                seen.add(warning.getMessage());
            }
        }
        assertThat(seen).isNotEmpty().allMatch(text -> text.equals("seen " + org));
    }
}

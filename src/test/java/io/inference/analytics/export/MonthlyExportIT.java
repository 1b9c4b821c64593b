package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.OrgMappings;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.WorkspaceRef;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The automatic file of a month, its restatements, and the key of the latest. */
@QuarkusTest
@WithBackends(s3 = true)
class MonthlyExportIT {

    @Inject
    AgroalDataSource database;

    @Inject
    ObjectStore store;

    @Inject
    ExportUpkeep upkeep;

    @Inject
    MonthlyExports monthly;

    @Inject
    OrgExportSettings settings;

    @Inject
    Restatements restatements;

    @Inject
    OrgMappings mappings;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);
    private final YearMonth month =
            YearMonth.from(Instant.now().atZone(ZoneOffset.UTC)).minusMonths(1);
    private final String compact = month.toString().replace("-", "");

    /** The schedule's file, and a restatement with one more event. */
    @BeforeEach
    void twoFiles() throws Exception {
        withoutGrace(org);
        usage(month + "-05T10:00:00Z", "1.5");
        monthly.startDue();
        monthly.startDue();
        succeeded(1);
        usage(month + "-06T10:00:00Z", "0.25");
        assertThat(monthly.run(month, Optional.of(org), "tester"))
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.revision()).isEqualTo(2));
    }

    private void withoutGrace(UUID who) {
        settings.set(
                who,
                new Preferences(
                        Optional.empty(),
                        Optional.of(0),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(1),
                        Optional.of(store.defaultBucket())));
    }

    private void usage(String at, String cents) throws SQLException {
        new StoredUsage().add(Event.of(org, MarchUsage.MODEL_A, at).cost(cents)).store(database);
    }

    /** The only file of this number, once it has succeeded. */
    private JsonPath succeeded(int revision) {
        await().atMost(Exports.PATIENCE)
                .until(() -> jobs().getList("jobs.findAll { it.monthly.revision == " + revision
                                        + " && it.status == 'succeeded' }")
                                .size()
                        == 1);
        List<String> ids = jobs().getList("jobs.findAll { it.monthly.revision == " + revision + " }.jobId");
        assertThat(ids).hasSize(1);
        return exports.job(ids.get(0)).extract().jsonPath();
    }

    private JsonPath jobs() {
        return exports.request()
                .get(exports.path())
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    private int status(String ending) throws Exception {
        return exports.object(store, compact + ending).statusCode();
    }

    private void assertLatestIsSecond() throws Exception {
        for (String ending : List.of(".csv", ".manifest.json")) {
            assertThat(exports.object(store, compact + ending).body())
                    .isEqualTo(exports.object(store, compact + "-r2" + ending).body());
        }
    }

    private void change(String assignments, int revision) {
        int rows = new Sql(database)
                .execute("update analytics.export_jobs set %s where org_id = '%s' and revision = %d"
                        .formatted(assignments, org, revision));
        assertThat(rows).isPositive();
        upkeep.runOnce();
    }

    @Test
    void theScheduleMakesAMonthOnce() {
        JsonPath first = succeeded(1);
        assertThat(first.getString("outputUri")).endsWith("analytics/exports/" + org + "/" + compact + "-r1.csv");
        assertThat(first.getString("initiatedBy")).isEqualTo("schedule");
        assertThat(first.getString("monthly.month")).isEqualTo(month.toString());
    }

    @Test
    void aRestatementSaysWhatChanged() throws Exception {
        JsonPath second = succeeded(2);
        assertThat(second.getString("monthly.difference.previousJobId"))
                .isEqualTo(succeeded(1).getString("jobId"));
        assertThat(second.getString("monthly.difference.costEstimateCents")).isEqualTo("0.25");
        assertThat(second.getInt("monthly.difference.invocations")).isEqualTo(1);
        assertThat(Exports.csv(exports.object(store, compact + "-r1.csv")).rows())
                .hasSize(1);
        assertThat(Exports.csv(exports.object(store, compact + "-r2.csv")).rows())
                .hasSize(2);
        assertLatestIsSecond();
    }

    @Test
    void aMonthThatIsNotOverIsRefused() {
        assertThatThrownBy(() -> monthly.run(month.plusMonths(1), Optional.of(org), "tester"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("expected: a month that is over");
    }

    @Test
    void theLatestIsTheLastFileThatIsKept() throws Exception {
        // One that ends without success after its copy was made: the latest file is the one before.
        assertThat(monthly.run(month, Optional.of(org), "tester")).hasSize(1);
        succeeded(3);
        change("status = 'cancelled', clean_up = true", 3);
        assertThat(status("-r3.csv")).isEqualTo(404);
        assertLatestIsSecond();
        change("expires_at = now()", 1);
        assertThat(status("-r1.csv")).isEqualTo(404);
        assertThat(status(".csv")).isEqualTo(200);
        change("expires_at = now()", 2);
        assertThat(status(".csv")).isEqualTo(404);
    }

    @Test
    void aFileThatFailedIsTriedAgainADayLater() {
        UUID other = UUID.randomUUID();
        withoutGrace(other);
        Sql sql = new Sql(database);
        sql.execute("update analytics.export_jobs set org_id = '%s' where org_id = '%s' and revision = 1"
                .formatted(other, org));
        String failed =
                "update analytics.export_jobs set status = 'failed', error = 'x', completed_at = now() - interval '%d hours' where org_id = '%s'";
        sql.execute(failed.formatted(23, other));
        monthly.startDue();
        assertThat(sql.number("select count(*) from analytics.export_jobs where org_id = '%s'".formatted(other)))
                .isEqualTo(1);
        sql.execute(failed.formatted(25, other));
        monthly.startDue();
        monthly.startDue();
        assertThat(sql.number("select max(revision) from analytics.export_jobs where org_id = '%s'".formatted(other)))
                .isEqualTo(2);
    }

    @Test
    void aMonthThatWasMissedIsMadeUpFor() throws Exception {
        Sql sql = new Sql(database);
        usage(month.minusMonths(2) + "-05T10:00:00Z", "1");
        usage(month.minusMonths(3) + "-05T10:00:00Z", "1");
        monthly.startDue();
        assertThat(sql.number("select count(*) from analytics.export_jobs where org_id = '%s' and month = '%s'"
                        .formatted(org, month.minusMonths(2).atDay(1))))
                .isEqualTo(1);
        assertThat(sql.number("select count(*) from analytics.export_jobs where org_id = '%s' and month = '%s'"
                        .formatted(org, month.minusMonths(3).atDay(1))))
                .as("too long ago")
                .isZero();
    }

    /** A bill of the month for a workspace of the organisation, each day imported when the month was closed. */
    private void bill(UUID owner, String usd) {
        Sql sql = new Sql(database);
        String account = "account-" + owner;
        sql.execute(
                """
                insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, revision, last_checked_at,
                    last_imported_at, run_id)
                select 'anthropic', 'cost', '%s', day::date, 'ok', 1, now(), now(), gen_random_uuid()
                from generate_series(timestamp '%s', timestamp '%s' - interval '1 day', interval '1 day') as day
                on conflict (provider, dataset, org_ref, usage_date) do update set last_imported_at = now()
                """
                        .formatted(account, month.atDay(1), month.plusMonths(1).atDay(1)));
        sql.execute(
                "insert into analytics.provider_workspace (workspace_id, organization_id, name, last_updated) values ('wrkspc_%s', '%s', 'Own', now()) on conflict do nothing"
                        .formatted(owner, account));
        sql.execute(
                """
                insert into analytics.claude_costs (activity_date, organization_id, line_key, workspace_id, cost_type, amount_usd, currency,
                    description, ingestion_timestamp, import_revision, run_id)
                values ('%1$s', '%2$s', '%3$s', 'wrkspc_%4$s', 'web_search', %3$s, 'USD', 'Web Search', now(), 1, gen_random_uuid())
                """
                        .formatted(month.atDay(7), account, usd, owner));
        sql.text("select 'done' from (select analytics.rebuild_claude_day('%s', '%s')) as day"
                .formatted(account, month.atDay(7)));
    }

    @Test
    void anOrganisationWithBillsAloneHasAFileAndARestatedBillIsAnnounced() throws Exception {
        UUID owner = UUID.randomUUID();
        Exports charges = new Exports(owner);
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_" + owner), Optional.of(owner), month.atDay(1), "test");
        bill(owner, "10.5");
        settings.set(
                owner,
                new Preferences(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(ExportFormat.FOCUS),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
        assertThat(monthly.run(month, Optional.empty(), "tester"))
                .as("every organisation with usage or bills")
                .anySatisfy(outcome -> assertThat(outcome.org()).isEqualTo(owner));
        assertThat(restatements.due()).noneMatch(due -> due.org().equals(owner));
        bill(owner, "-2.25");
        assertThat(restatements.due())
                .filteredOn(due -> due.org().equals(owner))
                .singleElement()
                .satisfies(due -> {
                    assertThat(due.month()).isEqualTo(month);
                    assertThat(due.filedUsd()).isEqualByComparingTo("10.5");
                    assertThat(due.billedUsd()).isEqualByComparingTo("8.25");
                });
        assertThat(monthly.run(month, Optional.of(owner), "tester"))
                .singleElement()
                .satisfies(outcome -> {
                    assertThat(outcome.file()).isPresent();
                    charges.job(outcome.jobId().toString())
                            .body("monthly.difference.billedCostUsd", equalTo("-2.25"))
                            .body("monthly.difference.invocations", nullValue());
                });
        assertThat(restatements.due()).noneMatch(due -> due.org().equals(owner));
        mappings.mapWorkspace(WorkspaceRef.of("wrkspc_" + owner), Optional.empty(), month.atDay(1), "test");
        assertThat(restatements.due())
                .filteredOn(due -> due.org().equals(owner))
                .singleElement()
                .satisfies(due -> assertThat(due.billedUsd()).isEqualByComparingTo("0"));
    }
}

package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
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

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);
    private final YearMonth month =
            YearMonth.from(Instant.now().atZone(ZoneOffset.UTC)).minusMonths(1);
    private final String compact = month.toString().replace("-", "");

    /** The schedule's file, and a restatement with one more event. */
    @BeforeEach
    void twoFiles() throws Exception {
        settings.set(
                org,
                new Preferences(
                        Optional.empty(),
                        Optional.of(0),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(1),
                        Optional.of(store.defaultBucket())));
        usage(month + "-05T10:00:00Z", "1.5");
        monthly.startDue();
        monthly.startDue();
        succeeded(1);
        usage(month + "-06T10:00:00Z", "0.25");
        assertThat(monthly.run(month, Optional.of(org), "tester"))
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.revision()).isEqualTo(2));
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
}

package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.NameStore;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What stands in a file, and that it adds up. */
@QuarkusTest
@WithBackends(s3 = true)
class ExportFileIT {

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    @Inject
    ObjectStore store;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);

    private JsonPath usageTotals() {
        return exports.request()
                .queryParam("start", "2026-03-01T00:00:00Z")
                .queryParam("end", "2026-04-01T00:00:00Z")
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    @Test
    void theFileAddsUpToTheUsageApiAndItsProofs() throws Exception {
        MarchUsage.of(org).store(database);
        names.nameOrg(org, "Müller, \"Söhne\" & Co");
        names.nameModel(MarchUsage.MODEL_A, "=HYPERLINK(\"http://x\")");
        names.nameModel(MarchUsage.MODEL_F, "模型\nF");
        Response accepted = exports.create(order());
        accepted.then()
                .statusCode(202)
                .body("orgId", equalTo(org.toString()))
                .body("granularity", equalTo("daily"))
                .body("format", equalTo("csv"))
                .body("initiatedBy", equalTo("tester"))
                .header("Location", endsWith(exports.path(accepted.path("jobId"))))
                .header("Location", startsWith("/"));
        JsonPath job = exports.ended(accepted.path("jobId"));
        assertThat(job.getString("status")).as(job.prettify()).isEqualTo("succeeded");
        assertThat(job.getString("outputUri"))
                .isEqualTo("s3://%s/analytics/exports/%s/%s.csv"
                        .formatted(store.defaultBucket(), org, job.getString("jobId")));
        assertThat(job.getString("reconciliation.status")).isEqualTo("equal");
        assertThat(job.getMap("reconciliation.exported")).isEqualTo(job.getMap("reconciliation.rawEvents"));
        assertThat(job.getMap("totals")).isEqualTo(usageTotals().getMap("totals"));
        HttpResponse<byte[]> file = exports.file(job);
        assertThat(file.headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename=\"usage_Muller-Sohne-Co_2026-03-01_2026-03-31_daily.csv\"");
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file.body())))
                .isEqualTo(job.getString("checksum"));
        assertThat((long) file.body().length).isEqualTo(job.getLong("sizeBytes"));
        assertThat(file.headers().firstValue("x-amz-meta-org-id")).hasValue(org.toString());
        assertThat(file.headers().firstValue("x-amz-meta-job-id")).hasValue(job.getString("jobId"));
        assertThat(file.headers().firstValue("x-amz-meta-generated-at")).isPresent();
        assertRows(Exports.csv(file));
        assertManifest(job);
    }

    @Test
    void aFileForAGermanSpreadsheetHasTheSameFigures() throws Exception {
        MarchUsage.of(org).store(database);
        names.nameOrg(org, "Müller & Söhne");
        names.nameModel(MarchUsage.MODEL_A, "00123");
        JsonPath job = exports.exported(order().german());
        assertThat(job.getString("csv.delimiter")).isEqualTo(";");
        assertThat(job.getBoolean("csv.textNames")).isTrue();
        String file = new String(exports.file(job).body(), StandardCharsets.UTF_8);
        assertThat(file).startsWith("\uFEFForg_id;org_name;model_id;");
        assertThat(file.lines().skip(1).findFirst().orElseThrow())
                .startsWith("%s;\"=\"\"Müller & Söhne\"\"\";%s;\"=\"\"00123\"\"\";2026-03-01T00:00:00Z;2;1;20;"
                        .formatted(org, MarchUsage.MODEL_A))
                .endsWith(";0,5;1");
        assertThat(job.getMap("totals")).isEqualTo(usageTotals().getMap("totals"));
        JsonNode proof = Figures.JSON.readTree(
                exports.object(store, job.getString("jobId") + ".manifest.json").body());
        assertThat(proof.at("/csv/decimalMark").textValue()).isEqualTo(",");
    }

    private void assertRows(CsvText csv) {
        assertThat(csv.header())
                .containsExactly(
                        "org_id",
                        "org_name",
                        "model_id",
                        "model_name",
                        "bucket_start",
                        "invocations",
                        "errors",
                        "input_tokens",
                        "output_tokens",
                        "cache_read_input_tokens",
                        "cache_write_input_tokens",
                        "cost_estimate_cents",
                        "unpriced_invocations");
        String a = MarchUsage.MODEL_A.toString();
        String f = MarchUsage.MODEL_F.toString();
        assertThat(csv.column("org_id")).containsOnly(org.toString());
        assertThat(csv.column("org_name")).containsOnly("Müller, \"Söhne\" & Co");
        assertThat(csv.column("model_id")).containsExactly(a, f, a, f);
        assertThat(csv.column("model_name"))
                .containsExactly("'=HYPERLINK(\"http://x\")", "模型\nF", "'=HYPERLINK(\"http://x\")", "模型\nF");
        assertThat(csv.column("bucket_start"))
                .containsExactly(
                        "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-31T00:00:00Z");
        assertThat(csv.column("invocations")).containsExactly("2", "1", "1", "2");
        assertThat(csv.column("errors")).containsExactly("1", "0", "0", "0");
        assertThat(csv.column("input_tokens")).containsExactly("20", "10", "10", "18446744073709551614");
        assertThat(csv.column("cost_estimate_cents")).containsExactly("0.5", "0.12345678", "", "12345678902.00000001");
        assertThat(csv.column("unpriced_invocations")).containsExactly("1", "0", "1", "0");
        JsonPath totals = usageTotals();
        assertThat(csv.sum("cost_estimate_cents").movePointLeft(2))
                .isEqualByComparingTo(new BigDecimal(totals.getString("totals.cost.amount")));
        assertThat(csv.sum("output_tokens")).isEqualByComparingTo(totals.getString("totals.outputTokens"));
    }

    private void assertManifest(JsonPath job) throws Exception {
        HttpResponse<byte[]> manifest = exports.object(store, job.getString("jobId") + ".manifest.json");
        assertThat(manifest.statusCode()).isEqualTo(200);
        JsonNode proof = Figures.JSON.readTree(manifest.body());
        assertThat(proof.at("/sha256").textValue()).isEqualTo(job.getString("checksum"));
        assertThat(proof.at("/rows").longValue()).isEqualTo(4);
        assertThat(proof.at("/timeRange/start").textValue()).isEqualTo("2026-03-01T00:00:00Z");
        assertThat(proof.at("/totals/costEstimateCents").textValue()).isEqualTo("12345678902.62345679");
        assertThat(proof.at("/reconciliation/status").textValue()).isEqualTo("equal");
        assertThat(proof.at("/columns")).hasSize(13);
        assertThat(proof.at("/softwareVersion").textValue()).isNotEmpty();
        assertThat(proof.has("rollupWatermark")).isTrue();
    }

    @Test
    void hoursAndModelsAreFollowed() throws Exception {
        MarchUsage.of(org).store(database);
        CsvText hourly = exports.csv(order().range("2026-03-01T00:30:00Z", "2026-03-03T00:00:01Z")
                .granularity("hourly")
                .model(MarchUsage.MODEL_A)
                .delivery());
        assertThat(hourly.column("bucket_start"))
                .containsExactly("2026-03-01T10:00:00Z", "2026-03-01T23:00:00Z", "2026-03-03T00:00:00Z");
    }

    @Test
    void daysAreThoseOfTheZone() throws Exception {
        MarchUsage.of(org).store(database);
        CsvText days = exports.csv(order().range("2026-03-01T00:00:00+09:00", "2026-04-01T00:00:00+09:00")
                .timeZone("Asia/Tokyo"));
        assertThat(days.column("bucket_start"))
                .containsExactly(
                        "2026-02-28T15:00:00Z", "2026-02-28T15:00:00Z", "2026-03-01T15:00:00Z", "2026-03-02T15:00:00Z");
    }

    @Test
    void daysAndHoursThatAZoneSplitAddUpToTheRawEvents() throws Exception {
        MarchUsage.of(org)
                .add(Event.of(org, MarchUsage.MODEL_A, "2026-03-09T18:29:59.999Z")
                        .cost("0.25"))
                .add(Event.of(org, MarchUsage.MODEL_A, "2026-03-09T18:30:00Z").cost("0.5"))
                .add(Event.of(org, MarchUsage.MODEL_A, "2026-03-10T18:29:59.999Z")
                        .cost("1"))
                .add(Event.of(org, MarchUsage.MODEL_A, "2026-03-10T18:30:00Z").cost("2"))
                .store(database);
        CsvText days = exports.csv(order().range("2026-03-09", "2026-03-11").timeZone("Asia/Kolkata"));
        assertThat(days.column("bucket_start")).containsExactly("2026-03-08T18:30:00Z", "2026-03-09T18:30:00Z");
        assertThat(days.column("cost_estimate_cents")).containsExactly("0.25", "1.5");
        CsvText hours = exports.csv(order().range("2026-03-10", "2026-03-11")
                .timeZone("Asia/Kolkata")
                .granularity("hourly"));
        assertThat(hours.column("bucket_start")).containsExactly("2026-03-09T18:00:00Z", "2026-03-10T18:00:00Z");
        assertThat(hours.column("cost_estimate_cents")).containsExactly("0.5", "1");
        JsonPath month = exports.exported(order().range("2026-03-01", "2026-04-01")
                .timeZone("Asia/Kolkata")
                .granularity("monthly"));
        assertThat(month.getString("reconciliation.status")).isEqualTo("equal");
        assertThat(month.getString("timeRange.start")).isEqualTo("2026-02-28T18:30:00Z");
    }

    @Test
    void aMonthIsOneBucket() throws Exception {
        MarchUsage.of(org).store(database);
        CsvText months = exports.csv(order().granularity("monthly"));
        assertThat(months.column("bucket_start")).containsExactly("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z");
    }

    @Test
    void aWindowWithoutUsageIsAFileWithoutRows() throws Exception {
        MarchUsage.of(org).store(database);
        JsonPath none = exports.exported(order().days("2026-02"));
        assertThat(none.getLong("rowCount")).isZero();
        assertThat(Exports.csv(exports.file(none)).rows()).isEmpty();
    }

    @Test
    void namesComeFromTheirOwnersSystem() throws Exception {
        UUID model = UUID.randomUUID();
        new StoredUsage().add(Event.of(org, model, "2026-03-01T10:00:00Z")).store(database);
        String body = "{\"orgs\": {\"%s\": \"Acme\"}, \"models\": {\"%s\": \"Swift 3\"}}".formatted(org, model);
        putNames("org-admin", body).statusCode(403);
        putNames("system-admin", body).statusCode(204);
        putNames("system-admin", "{\"orgs\": {\"x\": \"Acme\"}, \"models\": {\"%s\": \" \"}}".formatted(model))
                .statusCode(400)
                .body("errors.field", contains("orgs.x", "models." + model));
        CsvText csv = exports.csv(order());
        assertThat(csv.column("org_name")).containsExactly("Acme");
        assertThat(csv.column("model_name")).containsExactly("Swift 3");
    }

    private ValidatableResponse putNames(String role, String body) {
        return given().auth()
                .oauth2(Tokens.of(role, org))
                .contentType("application/json")
                .body(body)
                .put("/analytics/v1/catalog/names")
                .then();
    }

    @Test
    void rowsThatDoNotAddUpAreNotDelivered() throws Exception {
        // Long before the events of the other tests: what is materialised stays so until a refresh.
        new StoredUsage()
                .add(Event.of(org, MarchUsage.MODEL_A, "2025-12-01T10:00:00Z"))
                .add(Event.of(org, MarchUsage.MODEL_A, "2025-12-02T10:00:00Z").status("timeout"))
                .store(database);
        hideAnEvent();
        String id = exports.accepted(order().days("2025-12"));
        exports.waiting(id).body("lastProblem", containsString("did not add up"));
        JsonPath job = exports.ended(id);
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error")).contains("did not add up");
        assertThat(job.getString("reconciliation.status")).isEqualTo("unequal");
        assertThat(job.getInt("reconciliation.exported.invocations")).isEqualTo(2);
        assertThat(job.getInt("reconciliation.rawEvents.invocations")).isEqualTo(1);
        assertThat(exports.object(store, id + ".csv").statusCode()).isEqualTo(404);
        assertThat(job.getInt("tries")).isEqualTo(5);
    }

    /** Takes an event away that the rollups contain. */
    private void hideAnEvent() {
        Sql sql = new Sql(database);
        if (System.getProperty("analytics.test.flavour", "postgres").equals("timescale")) {
            for (String rollup : new String[] {"usage_hourly", "usage_daily"}) {
                sql.execute(
                        "call refresh_continuous_aggregate('analytics.%s', '2025-12-01Z'::timestamptz, '2026-01-01Z'::timestamptz)"
                                .formatted(rollup));
            }
        }
        assertThat(sql.execute(
                        "delete from analytics.usage_events where org_id = '%s' and status = 'timeout'".formatted(org)))
                .isPositive();
    }
}

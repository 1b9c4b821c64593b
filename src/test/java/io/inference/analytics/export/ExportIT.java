package io.inference.analytics.export;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.databind.JsonNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.objectstore.ObjectLocation;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends({Backend.POSTGRES, Backend.S3})
class ExportIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");
    private static final String MARCH =
            """
            {"timeRange": {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}}""";

    @Inject
    AgroalDataSource database;

    @Inject
    NameStore names;

    @Inject
    ObjectStore bucket;

    @Inject
    ExportUpkeep upkeep;

    @Inject
    MonthlyExports monthly;

    @Inject
    OrgExportSettings settings;

    private final UUID org = UUID.randomUUID();

    private void usage() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:59:59.999Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-01T23:30:00Z")
                        .status("timeout")
                        .cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-03T00:00:00Z")
                        .client("=cmd")
                        .cost(null))
                .add(Event.of(org, MODEL_F, "2026-03-31T23:59:59Z")
                        .tokens(Long.MAX_VALUE, 7)
                        .cost("12345678901.00000001"))
                .add(Event.of(org, MODEL_F, "2026-03-31T23:59:59Z")
                        .tokens(Long.MAX_VALUE, 7)
                        .cost("1"))
                .store(database);
    }

    private String token(String... roles) {
        return Tokens.of(List.of(roles), org);
    }

    private Response create(String body, String... headers) {
        var request = given().auth()
                .oauth2(token("finance"))
                .contentType("application/json")
                .body(body);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return request.post("/analytics/v1/orgs/{org}/exports", org);
    }

    private ValidatableResponse job(String id) {
        return given().auth()
                .oauth2(token("finance"))
                .get("/analytics/v1/orgs/{org}/exports/{id}", org, id)
                .then();
    }

    private JsonPath ended(String id) {
        await("the end of export " + id)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> !List.of("pending", "running")
                        .contains(job(id).extract().path("status")));
        return job(id).statusCode(200).extract().jsonPath();
    }

    private JsonPath exported(String body) {
        JsonPath job = ended(create(body).then().statusCode(202).extract().path("jobId"));
        assertThat(job.getString("status")).as(job.prettify()).isEqualTo("succeeded");
        return job;
    }

    private Response download(String id) {
        return given().auth()
                .oauth2(token("finance"))
                .redirects()
                .follow(false)
                .get("/analytics/v1/orgs/{org}/exports/{id}/download", org, id);
    }

    private HttpResponse<byte[]> file(JsonPath job) throws Exception {
        String signed = download(job.getString("jobId"))
                .then()
                .statusCode(302)
                .extract()
                .header("Location");
        return fetch(URI.create(signed));
    }

    private static HttpResponse<byte[]> fetch(URI address) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** Reads an object the way its readers do. */
    private HttpResponse<byte[]> object(String key) throws Exception {
        return fetch(bucket.sign(new ObjectLocation(bucket.defaultBucket(), key), "x.csv", Duration.ofMinutes(1)));
    }

    private static CsvText csv(HttpResponse<byte[]> file) {
        assertThat(file.statusCode()).isEqualTo(200);
        return CsvText.parse(new String(file.body(), StandardCharsets.UTF_8));
    }

    private JsonPath usageTotals(String start, String end) {
        return given().auth()
                .oauth2(token("finance"))
                .queryParam("start", start)
                .queryParam("end", end)
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    @Test
    void theFileAddsUpToTheUsageApiAndItsProofs() throws Exception {
        usage();
        names.nameOrg(org, "Müller, \"Söhne\" & Co");
        names.nameModel(MODEL_A, "=HYPERLINK(\"http://x\")");
        names.nameModel(MODEL_F, "模型\nF");
        Response accepted = create(MARCH);
        accepted.then()
                .statusCode(202)
                .body("orgId", equalTo(org.toString()))
                .body("granularity", equalTo("daily"))
                .body("format", equalTo("csv"))
                .body("initiatedBy", equalTo("tester"))
                .header("Location", endsWith("/analytics/v1/orgs/" + org + "/exports/" + accepted.path("jobId")));
        JsonPath job = ended(accepted.path("jobId"));
        assertThat(job.getString("status")).as(job.prettify()).isEqualTo("succeeded");
        assertThat(job.getString("outputUri"))
                .isEqualTo("s3://%s/analytics/exports/%s/%s.csv"
                        .formatted(bucket.defaultBucket(), org, job.getString("jobId")));
        assertThat(job.getString("reconciliation.status")).isEqualTo("equal");
        assertThat(job.getMap("reconciliation.exported")).isEqualTo(job.getMap("reconciliation.rawEvents"));
        assertThat(job.getMap("totals"))
                .isEqualTo(usageTotals("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
                        .getMap("totals"));
        HttpResponse<byte[]> file = file(job);
        assertThat(file.headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename=\"usage_Muller-Sohne-Co_2026-03-01_2026-03-31_daily.csv\"");
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file.body())))
                .isEqualTo(job.getString("checksum"));
        assertThat((long) file.body().length).isEqualTo(job.getLong("sizeBytes"));
        assertThat(file.headers().firstValue("x-amz-meta-org-id")).hasValue(org.toString());
        assertThat(file.headers().firstValue("x-amz-meta-job-id")).hasValue(job.getString("jobId"));
        assertThat(file.headers().firstValue("x-amz-meta-generated-at")).isPresent();
        assertRows(csv(file));
        assertManifest(job);
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
        assertThat(csv.column("org_id")).containsOnly(org.toString());
        assertThat(csv.column("org_name")).containsOnly("Müller, \"Söhne\" & Co");
        assertThat(csv.column("model_id"))
                .containsExactly(MODEL_A.toString(), MODEL_F.toString(), MODEL_A.toString(), MODEL_F.toString());
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
        JsonPath totals = usageTotals("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        assertThat(csv.sum("cost_estimate_cents").movePointLeft(2))
                .isEqualByComparingTo(new BigDecimal(totals.getString("totals.cost.amount")));
        assertThat(csv.sum("output_tokens")).isEqualByComparingTo(totals.getString("totals.outputTokens"));
    }

    private void assertManifest(JsonPath job) throws Exception {
        HttpResponse<byte[]> manifest =
                object("analytics/exports/%s/%s.manifest.json".formatted(org, job.getString("jobId")));
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
    void granularityZoneAndModelsAreFollowed() throws Exception {
        usage();
        CsvText hourly = csv(file(exported(
                """
                {"timeRange": {"start": "2026-03-01T00:30:00Z", "end": "2026-03-03T00:00:01Z"}, "granularity": "hourly",
                 "models": ["%s"], "delivery": {"type": "s3"}}"""
                        .formatted(MODEL_A))));
        assertThat(hourly.column("bucket_start"))
                .containsExactly("2026-03-01T10:00:00Z", "2026-03-01T23:00:00Z", "2026-03-03T00:00:00Z");
        CsvText days = csv(
                file(
                        exported(
                                """
                {"timeRange": {"start": "2026-03-01T00:00:00+09:00", "end": "2026-04-01T00:00:00+09:00"},
                 "timeZone": "Asia/Tokyo"}""")));
        assertThat(days.column("bucket_start"))
                .containsExactly(
                        "2026-02-28T15:00:00Z", "2026-02-28T15:00:00Z", "2026-03-01T15:00:00Z", "2026-03-02T15:00:00Z");
        CsvText months = csv(file(exported(MARCH.replace("}}", "}, \"granularity\": \"monthly\"}"))));
        assertThat(months.column("bucket_start")).containsExactly("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z");
        JsonPath none = exported(MARCH.replace("2026-03", "2026-02").replace("2026-04", "2026-03"));
        assertThat(none.getLong("rowCount")).isZero();
        assertThat(csv(file(none)).rows()).isEmpty();
    }

    @Test
    void signedAddressesHoldForOneFileAndOneWhile() throws Exception {
        usage();
        JsonPath job = exported(MARCH);
        String signed = download(job.getString("jobId")).header("Location");
        assertThat(fetch(URI.create(signed)).statusCode()).isEqualTo(200);
        assertThat(signed).contains("X-Amz-Expires=86400");
        String other = signed.replace(job.getString("jobId"), UUID.randomUUID().toString());
        assertThat(fetch(URI.create(other)).statusCode()).isEqualTo(403);
        assertThat(fetch(URI.create(signed.replace("X-Amz-Expires=86400", "X-Amz-Expires=86401")))
                        .statusCode())
                .isEqualTo(403);
        assertThat(fetch(URI.create(signed.replaceFirst("X-Amz-Signature=..", "X-Amz-Signature=00")))
                        .statusCode())
                .isEqualTo(403);
        URI brief = bucket.sign(
                new ObjectLocation(
                        bucket.defaultBucket(), "analytics/exports/%s/%s.csv".formatted(org, job.getString("jobId"))),
                "x.csv",
                Duration.ofSeconds(1));
        await().atMost(PATIENCE).until(() -> fetch(brief).statusCode() == 403);
    }

    @Test
    void everyFaultOfABodyIsTold() {
        create(
                        """
                        {"timeRange": {"start": "2026-03-01", "finish": 1}, "granularity": "weekly", "models": ["x"],
                         "timeZone": "Mars/Base", "format": "xls", "delivery": {"type": "ftp"}, "extra": 1}""")
                .then()
                .statusCode(400)
                .contentType("application/problem+json")
                .body(
                        "errors.field",
                        containsInAnyOrder(
                                "timeRange.start",
                                "timeRange.end",
                                "timeRange.finish",
                                "granularity",
                                "models",
                                "timeZone",
                                "format",
                                "delivery.type",
                                "extra"));
        for (String body : List.of("", "[]", "{", "{\"timeRange\": null}", "{\"a\":1,\"a\":2}", "{} {}")) {
            create(body).then().statusCode(400).contentType("application/problem+json");
        }
        create(MARCH.replace("2026-04-01T00:00:00Z", "2026-04-01T00:00:01Z"))
                .then()
                .statusCode(400)
                .body("errors.field", contains("timeRange.end"))
                .body("errors[0].message", containsString("31 days"));
        // 31 days stay 31 days where their edges are snapped outward.
        create(MARCH.replace("T00:00:00Z", "T00:30:00Z"))
                .then()
                .statusCode(202)
                .body("timeRange.start", equalTo("2026-03-01T00:00:00Z"))
                .body("timeRange.end", equalTo("2026-04-01T01:00:00Z"));
        create("{\"timeRange\": {\"start\": \"1971-03-01T00:00:00Z\", \"end\": \"1971-03-02T00:00:00Z\"}}")
                .then()
                .statusCode(400)
                .body("errors.field", contains("timeRange.start"));
        create(MARCH.replace("}}", "}, \"delivery\": {\"type\": \"s3\", \"bucket\": \"somebody-elses\"}}"))
                .then()
                .statusCode(400)
                .body("errors.field", contains("delivery.bucket"));
        given().auth()
                .oauth2(token("finance"))
                .contentType("text/plain")
                .body(MARCH)
                .post("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(415);
    }

    @Test
    void aKeyStandsForOneExport() {
        String first = create(MARCH, "Idempotency-Key", "k1")
                .then()
                .statusCode(202)
                .extract()
                .path("jobId");
        create(MARCH.replace("\"timeRange\"", "\"granularity\": \"daily\", \"timeRange\""), "Idempotency-Key", "k1")
                .then()
                .statusCode(202)
                .body("jobId", equalTo(first));
        create(MARCH.replace("}}", "}, \"format\": \"focus\"}"), "Idempotency-Key", "k1")
                .then()
                .statusCode(409)
                .contentType("application/problem+json");
        for (String wrong : List.of("two words", "", "k".repeat(201))) {
            create(MARCH, "Idempotency-Key", wrong)
                    .then()
                    .statusCode(400)
                    .body("errors.field", contains("Idempotency-Key"));
        }
        create(MARCH, "Idempotency-Key", "k1", "Idempotency-Key", "k1").then().statusCode(400);
        assertThat((String) create(MARCH, "Idempotency-Key", "k2").path("jobId"))
                .isNotEqualTo(first);
    }

    /** What a month's retention has passed over is refused when it is new, and answered as before when it is not. */
    @Test
    void aKeyIsAnsweredAsBeforeWhenTheWindowIsTooOldByNow() throws SQLException {
        String old = MARCH.replace("2026-03", "1971-03").replace("2026-04", "1971-04");
        create(old, "Idempotency-Key", "old").then().statusCode(400);
        String first = create(MARCH, "Idempotency-Key", "old")
                .then()
                .statusCode(202)
                .extract()
                .path("jobId");
        execute(
                "update analytics.export_jobs set request_hash = '%s' where job_id = ?"
                        .formatted(ExportRequest.parse(old.getBytes(StandardCharsets.UTF_8))
                                .hash()),
                UUID.fromString(first));
        create(old, "Idempotency-Key", "old").then().statusCode(202).body("jobId", equalTo(first));
        create(old.replace("}}", "}, \"format\": \"focus\"}"), "Idempotency-Key", "old")
                .then()
                .statusCode(409);
    }

    @Test
    void jobsArePagedNewestFirst() {
        String one = exported(MARCH).getString("jobId");
        String two = exported(MARCH).getString("jobId");
        String three = exported(MARCH).getString("jobId");
        var page = given().auth()
                .oauth2(token("finance"))
                .get("/analytics/v1/orgs/{org}/exports?limit=2&status=succeeded", org)
                .then()
                .statusCode(200)
                .body("jobs.jobId", contains(three, two))
                .body("nextCursor", notNullValue());
        given().auth()
                .oauth2(token("finance"))
                .queryParam("cursor", page.extract().<String>path("nextCursor"))
                .queryParam("limit", "2")
                .get("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .body("jobs.jobId", contains(one))
                .body("nextCursor", nullValue());
        given().auth()
                .oauth2(token("finance"))
                .get("/analytics/v1/orgs/{org}/exports?status=failed", org)
                .then()
                .body("jobs", hasSize(0));
        given().auth()
                .oauth2(token("finance"))
                .get("/analytics/v1/orgs/{org}/exports?status=lost&limit=0&cursor=x&page=1", org)
                .then()
                .statusCode(400)
                .body("errors.field", containsInAnyOrder("status", "limit", "cursor", "page"));
    }

    @Test
    void onlyThoseWhoMayDoSo() {
        String id = create(MARCH).path("jobId");
        String path = "/analytics/v1/orgs/" + org + "/exports";
        for (String token : List.of(Tokens.of("engineer", org), Tokens.of("finance", UUID.randomUUID()))) {
            given().auth()
                    .oauth2(token)
                    .contentType("application/json")
                    .body("nonsense")
                    .post(path)
                    .then()
                    .statusCode(403);
            for (String get : List.of(path, path + "/" + id, path + "/" + id + "/download", path + "/nonsense")) {
                given().auth().oauth2(token).get(get).then().statusCode(403);
            }
            given().auth().oauth2(token).delete(path + "/" + id).then().statusCode(403);
        }
        given().get(path).then().statusCode(401);
        // A job of another organisation is none of this one.
        UUID other = UUID.randomUUID();
        for (String job : List.of(id, "nonsense", UUID.randomUUID().toString())) {
            String foreign = "/analytics/v1/orgs/" + other + "/exports/" + job;
            given().auth()
                    .oauth2(Tokens.of("finance", other))
                    .get(foreign)
                    .then()
                    .statusCode(404);
            given().auth()
                    .oauth2(Tokens.of("finance", other))
                    .get(foreign + "/download")
                    .then()
                    .statusCode(404);
            given().auth()
                    .oauth2(Tokens.of("finance", other))
                    .delete(foreign)
                    .then()
                    .statusCode(404);
        }
        given().auth()
                .oauth2(Tokens.of("company-finance"))
                .get(path + "/" + id)
                .then()
                .statusCode(200);
    }

    @Test
    void aStoreThatIsDownCostsNoJob() throws Exception {
        usage();
        LocalDev.act(Backend.S3, "kill");
        String kept;
        try {
            kept = create(MARCH).then().statusCode(202).extract().path("jobId");
            String cancelled = create(MARCH).then().statusCode(202).extract().path("jobId");
            await().atMost(PATIENCE).until(() -> job(kept).extract().path("lastProblem") != null);
            job(kept).body("lastProblem", equalTo("The file store does not answer."));
            download(kept).then().statusCode(409);
            for (int i = 0; i < 2; i++) {
                given().auth()
                        .oauth2(token("finance"))
                        .delete("/analytics/v1/orgs/{org}/exports/{id}", org, cancelled)
                        .then()
                        .statusCode(200)
                        .body("status", equalTo("cancelled"));
            }
            download(cancelled).then().statusCode(409);
            for (int i = 1; i < 10; i++) {
                create(MARCH).then().statusCode(202);
            }
            create(MARCH).then().statusCode(429).header("Retry-After", notNullValue());
        } finally {
            LocalDev.act(Backend.S3, "start");
        }
        JsonPath job = ended(kept);
        assertThat(job.getString("status")).isEqualTo("succeeded");
        assertThat(job.getInt("tries")).isGreaterThan(1);
        given().auth()
                .oauth2(token("finance"))
                .delete("/analytics/v1/orgs/{org}/exports/{id}", org, kept)
                .then()
                .statusCode(409);
    }

    @Test
    void aBucketThatIsMissingIsToldAndWaitedFor() throws SQLException {
        settings.set(org, preferencesOf("no-such-bucket"));
        String id = create(MARCH).then().statusCode(202).extract().path("jobId");
        await().atMost(PATIENCE).until(() -> job(id).extract().path("lastProblem") != null);
        job(id).body("lastProblem", equalTo("The file store has no bucket no-such-bucket."));
        given().auth().oauth2(token("finance")).delete("/analytics/v1/orgs/{org}/exports/{id}", org, id);
    }

    private static OrgExportSettings.Preferences preferencesOf(String bucket) {
        return new OrgExportSettings.Preferences(
                Optional.empty(),
                Optional.of(0),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(1),
                Optional.of(bucket));
    }

    @Test
    void expiredFilesAreDeleted() throws Exception {
        usage();
        JsonPath job = exported(MARCH);
        execute(
                "update analytics.export_jobs set expires_at = now() - interval '1 second' where job_id = ?",
                UUID.fromString(job.getString("jobId")));
        upkeep.runOnce();
        job(job.getString("jobId"))
                .body("status", equalTo("expired"))
                .body("outputUri", nullValue())
                .body("checksum", equalTo(job.getString("checksum")));
        download(job.getString("jobId")).then().statusCode(410).contentType("application/problem+json");
        String key = "analytics/exports/%s/%s".formatted(org, job.getString("jobId"));
        assertThat(object(key + ".csv").statusCode()).isEqualTo(404);
        assertThat(object(key + ".manifest.json").statusCode()).isEqualTo(404);
    }

    @Test
    void aMonthIsMadeOnceAndRestatedBesideTheOldFile() throws Exception {
        YearMonth month = YearMonth.from(Instant.now().atZone(ZoneOffset.UTC)).minusMonths(1);
        settings.set(org, preferencesOf(bucket.defaultBucket()));
        new StoredUsage()
                .add(Event.of(org, MODEL_A, month + "-05T10:00:00Z").cost("1.5"))
                .store(database);
        monthly.startDue();
        monthly.startDue();
        String prefix =
                "analytics/exports/%s/%s".formatted(org, month.toString().replace("-", ""));
        JsonPath first = monthlyJob(1);
        assertThat(first.getString("outputUri")).endsWith(prefix + "-r1.csv");
        assertThat(first.getString("initiatedBy")).isEqualTo("schedule");
        assertThat(first.getString("monthly.month")).isEqualTo(month.toString());
        new StoredUsage()
                .add(Event.of(org, MODEL_A, month + "-06T10:00:00Z").cost("0.25"))
                .store(database);
        assertThat(monthly.run(month, Optional.of(org), "tester"))
                .singleElement()
                .satisfies(outcome -> assertThat(outcome.revision()).isEqualTo(2));
        assertThatThrownBy(() -> monthly.run(month.plusMonths(1), Optional.of(org), "tester"))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("expected: a month that is over");
        JsonPath second = monthlyJob(2);
        assertThat(second.getString("monthly.difference.previousJobId")).isEqualTo(first.getString("jobId"));
        assertThat(second.getString("monthly.difference.costEstimateCents")).isEqualTo("0.25");
        assertThat(second.getInt("monthly.difference.invocations")).isEqualTo(1);
        assertThat(csv(object(prefix + "-r1.csv")).rows()).hasSize(1);
        assertThat(csv(object(prefix + "-r2.csv")).rows()).hasSize(2);
        assertThat(object(prefix + ".csv").body())
                .isEqualTo(object(prefix + "-r2.csv").body());
        assertThat(object(prefix + ".manifest.json").body())
                .isEqualTo(object(prefix + "-r2.manifest.json").body());
        // One that ends without success after it had put its copy there: the latest file is the one before.
        assertThat(monthly.run(month, Optional.of(org), "tester")).hasSize(1);
        monthlyJob(3);
        execute(
                "update analytics.export_jobs set status = 'cancelled', clean_up = true where org_id = ? and revision = 3",
                org);
        upkeep.runOnce();
        assertThat(object(prefix + "-r3.csv").statusCode()).isEqualTo(404);
        assertThat(object(prefix + ".csv").body())
                .isEqualTo(object(prefix + "-r2.csv").body());
        assertThat(object(prefix + ".manifest.json").body())
                .isEqualTo(object(prefix + "-r2.manifest.json").body());
        execute("update analytics.export_jobs set expires_at = now() where org_id = ? and revision = 1", org);
        upkeep.runOnce();
        assertThat(object(prefix + "-r1.csv").statusCode()).isEqualTo(404);
        assertThat(object(prefix + ".csv").statusCode()).isEqualTo(200);
        execute("update analytics.export_jobs set expires_at = now() where org_id = ? and revision = 2", org);
        upkeep.runOnce();
        assertThat(object(prefix + ".csv").statusCode()).isEqualTo(404);
    }

    private JsonPath monthlyJob(int revision) {
        await().atMost(PATIENCE)
                .until(() -> monthlyJobs()
                                .getList("jobs.findAll { it.monthly.revision == " + revision
                                        + " && it.status == 'succeeded' }")
                                .size()
                        == 1);
        List<String> ids = monthlyJobs().getList("jobs.findAll { it.monthly.revision == " + revision + " }.jobId");
        assertThat(ids).hasSize(1);
        return job(ids.get(0)).extract().jsonPath();
    }

    private JsonPath monthlyJobs() {
        return given().auth()
                .oauth2(token("finance"))
                .get("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    @Test
    void namesComeFromTheirOwnersSystem() throws Exception {
        UUID model = UUID.randomUUID();
        new StoredUsage().add(Event.of(org, model, "2026-03-01T10:00:00Z")).store(database);
        String body = "{\"orgs\": {\"%s\": \"Acme\"}, \"models\": {\"%s\": \"Swift 3\"}}".formatted(org, model);
        given().auth()
                .oauth2(token("org-admin"))
                .contentType("application/json")
                .body(body)
                .put("/analytics/v1/catalog/names")
                .then()
                .statusCode(403);
        given().auth()
                .oauth2(token("system-admin"))
                .contentType("application/json")
                .body(body)
                .put("/analytics/v1/catalog/names")
                .then()
                .statusCode(204);
        given().auth()
                .oauth2(token("system-admin"))
                .contentType("application/json")
                .body("{\"orgs\": {\"x\": \"Acme\"}, \"models\": {\"%s\": \" \"}}".formatted(model))
                .put("/analytics/v1/catalog/names")
                .then()
                .statusCode(400)
                .body("errors.field", contains("orgs.x", "models." + model));
        CsvText csv = csv(file(exported(MARCH)));
        assertThat(csv.column("org_name")).containsExactly("Acme");
        assertThat(csv.column("model_name")).containsExactly("Swift 3");
    }

    @Test
    void focusRefusesWhatHasNoPriceByName() throws Exception {
        usage();
        names.nameModel(MODEL_A, "Swift 3");
        JsonPath job =
                ended(create(MARCH.replace("}}", "}, \"format\": \"focus\"}")).path("jobId"));
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error")).contains("Swift 3 (" + MODEL_A + ")").doesNotContain(MODEL_F.toString());
        assertThat(job.getInt("tries")).isEqualTo(1);
        download(job.getString("jobId")).then().statusCode(409).body("detail", containsString("Swift 3"));
    }

    /** What is expected here is read from the specification, FOCUS 1.2, chapter "Cost and Usage", not from the writer. */
    @Test
    void focusFilesKeepToTheSpecification() throws Exception {
        new StoredUsage()
                .add(Event.of(org, MODEL_A, "2026-03-01T10:00:00Z")
                        .tokens(1_000, 34)
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_F, "2026-03-31T23:00:00Z")
                        .tokens(5, 0)
                        .status("error")
                        .cost("0"))
                .store(database);
        names.nameOrg(org, "Acme");
        CsvText csv = csv(file(exported(MARCH.replace("}}", "}, \"format\": \"focus\"}"))));
        Set<String> mandatory = Set.of(
                "BilledCost",
                "BillingAccountId",
                "BillingAccountName",
                "BillingCurrency",
                "BillingPeriodEnd",
                "BillingPeriodStart",
                "ChargeCategory",
                "ChargeClass",
                "ChargeDescription",
                "ChargePeriodEnd",
                "ChargePeriodStart",
                "ContractedCost",
                "EffectiveCost",
                "InvoiceIssuerName",
                "ListCost",
                "PricingQuantity",
                "PricingUnit",
                "ProviderName",
                "PublisherName",
                "ServiceCategory",
                "ServiceName");
        assertThat(csv.header().subList(0, 21)).containsExactlyInAnyOrderElementsOf(mandatory);
        assertThat(csv.header().subList(21, csv.header().size())).allMatch(name -> name.matches("x_[A-Z][A-Za-z0-9]*"));
        assertThat(csv.rows()).hasSize(2);
        for (Map<String, String> row : csv.rows()) {
            for (String name : mandatory) {
                if (name.equals("ChargeClass")) {
                    // "MUST be null when the row does not represent a correction"
                    assertThat(row.get(name)).isEmpty();
                } else {
                    assertThat(row.get(name)).as(name).isNotBlank();
                }
            }
            for (String decimal :
                    List.of("BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "PricingQuantity")) {
                assertThat(row.get(decimal)).matches("-?[0-9]+([.][0-9]+)?");
            }
            for (String time :
                    List.of("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")) {
                assertThat(row.get(time)).matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
            }
            assertThat(row)
                    .containsEntry("BilledCost", "0")
                    .containsEntry("BillingCurrency", "USD")
                    .containsEntry("ChargeCategory", "Usage")
                    .containsEntry("PricingUnit", "Tokens")
                    .containsEntry("ServiceCategory", "AI and Machine Learning")
                    .containsEntry("BillingAccountId", org.toString())
                    .containsEntry("BillingAccountName", "Acme")
                    .containsEntry("BillingPeriodStart", "2026-03-01T00:00:00Z")
                    .containsEntry("BillingPeriodEnd", "2026-04-01T00:00:00Z");
            assertThat(row.get("ChargeDescription")).contains("estimate");
        }
        assertThat(csv.rows().get(0))
                .containsEntry("ChargePeriodStart", "2026-03-01T00:00:00Z")
                .containsEntry("ChargePeriodEnd", "2026-03-02T00:00:00Z")
                .containsEntry("ListCost", "0.0012345678")
                .containsEntry("ContractedCost", "0.0012345678")
                .containsEntry("EffectiveCost", "0.0012345678")
                .containsEntry("PricingQuantity", "1034")
                .containsEntry("x_InputTokens", "1000");
        assertThat(csv.rows().get(1))
                .containsEntry("ChargePeriodEnd", "2026-04-01T00:00:00Z")
                .containsEntry("EffectiveCost", "0");
    }

    @Test
    void rowsThatDoNotAddUpAreNotGivenOut() throws Exception {
        // Long before the events of the other tests: what is materialised stays so until a refresh.
        new StoredUsage()
                .add(Event.of(org, MODEL_A, "2025-12-01T10:00:00Z"))
                .add(Event.of(org, MODEL_A, "2025-12-02T10:00:00Z").status("timeout"))
                .store(database);
        execute(hidingAnEvent(), org);
        String id = create(MARCH.replace("2026-03", "2025-12").replace("2026-04", "2026-01"))
                .path("jobId");
        await().atMost(PATIENCE).until(() -> job(id).extract().path("lastProblem") != null);
        job(id).body("lastProblem", containsString("did not add up"));
        JsonPath job = ended(id);
        assertThat(job.getString("status")).isEqualTo("failed");
        assertThat(job.getString("error")).contains("did not add up");
        assertThat(job.getString("reconciliation.status")).isEqualTo("unequal");
        assertThat(job.getInt("reconciliation.exported.invocations")).isEqualTo(2);
        assertThat(job.getInt("reconciliation.rawEvents.invocations")).isEqualTo(1);
        assertThat(object("analytics/exports/%s/%s.csv".formatted(org, id)).statusCode())
                .isEqualTo(404);
        assertThat(job.getInt("tries")).isEqualTo(5);
    }

    private String hidingAnEvent() throws SQLException {
        if (System.getProperty("analytics.test.flavour", "postgres").equals("timescale")) {
            // Materialise, then take the event away behind the rollups' back.
            try (Connection connection = database.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute(
                        "call refresh_continuous_aggregate('analytics.usage_hourly', '2025-12-01Z'::timestamptz, '2026-01-01Z'::timestamptz)");
                statement.execute(
                        "call refresh_continuous_aggregate('analytics.usage_daily', '2025-12-01Z'::timestamptz, '2026-01-01Z'::timestamptz)");
            }
        }
        return "delete from analytics.usage_events where org_id = ? and status = 'timeout'";
    }

    private void execute(String sql, UUID id) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, id);
            assertThat(statement.executeUpdate()).isPositive();
        }
    }
}

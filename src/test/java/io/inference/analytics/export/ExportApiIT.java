package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers may ask for, who may ask for it, and how jobs are listed. */
@QuarkusTest
@WithBackends(s3 = true)
class ExportApiIT {

    @Inject
    AgroalDataSource database;

    @Inject
    OrgExportSettings settings;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);

    @Test
    void everyFaultOfABodyIsReported() {
        exports.create(
                        """
                        {"timeRange": {"start": "2026-03-32", "finish": 1}, "granularity": "weekly", "models": ["x"],
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
    }

    /** What operators set on the command line, such as the bucket, stays. */
    @Test
    void theMonthlyFileIsSetAndItsPlaceStays() {
        String path = "/analytics/v1/orgs/" + org + "/export-settings";
        settings.set(
                org,
                new OrgExportSettings.Preferences(
                        Optional.of(false),
                        Optional.of(5),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(30),
                        Optional.of("files-of-org")));
        RequestSpecification finance =
                given().auth().oauth2(Tokens.of("finance", org)).contentType("application/json");
        finance.get(path)
                .then()
                .statusCode(200)
                .body("monthly", equalTo(false))
                .body("graceDays", equalTo(5))
                .body("format", nullValue())
                .body("bucket", equalTo("files-of-org"));
        finance.body("{\"format\": \"focus-1.4\", \"timeZone\": \"Europe/Berlin\", \"graceDays\": 27}")
                .put(path)
                .then()
                .statusCode(200)
                .body("monthly", nullValue())
                .body("graceDays", equalTo(27))
                .body("format", equalTo("focus-1.4"))
                .body("retentionDays", equalTo(30))
                .body("bucket", equalTo("files-of-org"));
        for (String bad : List.of("{\"graceDays\": 28}", "{\"bucket\": \"mine\"}", "{\"format\": \"xls\"}")) {
            finance.body(bad).put(path).then().statusCode(400);
        }
        given().auth().oauth2(Tokens.of("engineer", org)).get(path).then().statusCode(403);
    }

    @Test
    void everyFaultOfTheFormOfAFileIsReported() {
        exports.create(
                        """
                        {"timeRange": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}, "format": "focus",
                         "csv": {"delimiter": "|", "decimalMark": ";", "bom": "yes", "textNames": 1, "quote": "'"}}""")
                .then()
                .statusCode(400)
                .body(
                        "errors.field",
                        containsInAnyOrder(
                                "csv", "csv.delimiter", "csv.decimalMark", "csv.bom", "csv.textNames", "csv.quote"));
    }

    @Test
    void anotherFormIsAnotherOrder() {
        String key = UUID.randomUUID().toString();
        exports.create(order(), key).then().statusCode(202).body("csv.delimiter", equalTo(","));
        exports.create(order().german(), key).then().statusCode(409);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"timeRange\": null}", "{\"a\":1,\"a\":2}", "{} {}"})
    void aBodyThatIsNotAnOrderIsRefused(String body) {
        exports.create(body).then().statusCode(400).contentType("application/problem+json");
    }

    @Test
    void aFileHasAtMost31Days() {
        exports.create(order().range("2026-03-01T00:00:00Z", "2026-04-01T00:00:01Z"))
                .then()
                .statusCode(400)
                .body("errors.field", contains("timeRange.end"))
                .body("errors[0].message", containsString("31 days"));
        // 31 days stay 31 days where their edges are snapped outward.
        exports.create(order().range("2026-03-01T00:30:00Z", "2026-04-01T00:30:00Z"))
                .then()
                .statusCode(202)
                .body("timeRange.start", equalTo("2026-03-01T00:00:00Z"))
                .body("timeRange.end", equalTo("2026-04-01T01:00:00Z"));
    }

    @Test
    void aWindowWhoseRawEventsMayBeGoneIsRefused() {
        exports.create(order().range("1971-03-01T00:00:00Z", "1971-03-02T00:00:00Z"))
                .then()
                .statusCode(400)
                .body("errors.field", contains("timeRange.start"));
    }

    @Test
    void theBucketOfAnotherOrganisationIsRefused() {
        exports.create(order().bucket("somebody-elses"))
                .then()
                .statusCode(400)
                .body("errors.field", contains("delivery.bucket"));
    }

    @Test
    void onlyJsonIsRead() {
        exports.request()
                .contentType("text/plain")
                .body(order().json())
                .post(exports.path())
                .then()
                .statusCode(415);
    }

    @Test
    void aKeyStandsForOneExport() {
        String first = exports.accepted(order(), "k1");
        // Another text that means the same.
        exports.create("{\"granularity\": \"daily\", " + order().json().substring(1), "k1")
                .then()
                .statusCode(202)
                .body("jobId", equalTo(first));
        exports.create(order().format("focus"), "k1").then().statusCode(409).contentType("application/problem+json");
        exports.create(order(), "k1", "k1").then().statusCode(400);
        assertThat(exports.accepted(order(), "k2")).isNotEqualTo(first);
    }

    @ParameterizedTest
    @MethodSource
    void whatIsNotAKeyIsRefused(String key) {
        exports.create(order(), key).then().statusCode(400).body("errors.field", contains("Idempotency-Key"));
    }

    static Stream<String> whatIsNotAKeyIsRefused() {
        return Stream.of("two words", "", "k".repeat(201));
    }

    /** A window past the retention is refused when the key is new, and answered as before when it is not. */
    @Test
    void aKeyIsAnsweredAsBeforeWhenTheWindowIsTooOldByNow() {
        exports.create(order().days("1971-03"), "old").then().statusCode(400);
        String first = exports.accepted(order(), "old");
        String hash = ExportRequest.parse(order().days("1971-03").json().getBytes(StandardCharsets.UTF_8))
                .hash();
        int rows = new Sql(database)
                .execute("update analytics.export_jobs set request_hash = '%s' where job_id = '%s'"
                        .formatted(hash, first));
        assertThat(rows).isPositive();
        exports.create(order().days("1971-03"), "old").then().statusCode(202).body("jobId", equalTo(first));
        exports.create(order().days("1971-03").format("focus"), "old").then().statusCode(409);
    }

    @Test
    void jobsArePagedNewestFirst() {
        String one = exports.exported(order()).getString("jobId");
        String two = exports.exported(order()).getString("jobId");
        String three = exports.exported(order()).getString("jobId");
        var page = exports.request()
                .get(exports.path() + "?limit=2&status=succeeded")
                .then()
                .statusCode(200)
                .body("jobs.jobId", contains(three, two))
                .body("nextCursor", notNullValue());
        exports.request()
                .queryParam("cursor", page.extract().<String>path("nextCursor"))
                .queryParam("limit", "2")
                .get(exports.path())
                .then()
                .body("jobs.jobId", contains(one))
                .body("nextCursor", nullValue());
        exports.request().get(exports.path() + "?status=failed").then().body("jobs", hasSize(0));
        exports.request()
                .get(exports.path() + "?status=lost&limit=0&cursor=x&page=1")
                .then()
                .statusCode(400)
                .body("errors.field", containsInAnyOrder("status", "limit", "cursor", "page"));
    }

    private enum Stranger {
        ENGINEER_OF_THE_ORGANISATION,
        FINANCE_OF_ANOTHER;

        String token(UUID org) {
            return switch (this) {
                case ENGINEER_OF_THE_ORGANISATION -> Tokens.of("engineer", org);
                case FINANCE_OF_ANOTHER -> Tokens.of("finance", UUID.randomUUID());
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStrangerMayDoNothing(Stranger stranger) {
        String id = exports.accepted(order());
        String token = stranger.token(org);
        given().auth()
                .oauth2(token)
                .contentType("application/json")
                .body("nonsense")
                .post(exports.path())
                .then()
                .statusCode(403);
        for (String path :
                List.of(exports.path(), exports.path(id), exports.path(id) + "/download", exports.path("nonsense"))) {
            given().auth().oauth2(token).get(path).then().statusCode(403);
        }
        given().auth().oauth2(token).delete(exports.path(id)).then().statusCode(403);
        given().get(exports.path()).then().statusCode(401);
    }

    @Test
    void aJobOfAnotherOrganisationIsNotFound() {
        String id = exports.accepted(order());
        Exports other = new Exports(UUID.randomUUID());
        for (String job : List.of(id, "nonsense", UUID.randomUUID().toString())) {
            other.job(job).statusCode(404);
            other.download(job).then().statusCode(404);
            other.cancel(job).statusCode(404);
        }
        given().auth()
                .oauth2(Tokens.of("company-finance"))
                .get(exports.path(id))
                .then()
                .statusCode(200);
    }
}

package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.platform.Sha256;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a signed URL opens, and for how long. */
@QuarkusTest
@WithBackends(s3 = true)
class SignedUrlIT {

    @Inject
    ObjectStore store;

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);

    private static int status(String url) throws Exception {
        return Exports.fetch(URI.create(url)).statusCode();
    }

    @Test
    void aSignedUrlOpensOneFileForOneDay() throws Exception {
        JsonPath job = exports.exported(order());
        String id = job.getString("jobId");
        String signed = exports.download(id).header("Location");
        assertThat(status(signed)).isEqualTo(200);
        assertThat(signed).contains("X-Amz-Expires=86400");
        assertThat(status(signed.replace(id, UUID.randomUUID().toString()))).isEqualTo(403);
        assertThat(status(signed.replace("X-Amz-Expires=86400", "X-Amz-Expires=86401")))
                .isEqualTo(403);
        assertThat(status(signed.replaceFirst("X-Amz-Signature=..", "X-Amz-Signature=00")))
                .isEqualTo(403);
        URI brief = store.sign(exports.location(store, id + ".csv"), "x.csv", Duration.ofSeconds(1));
        await().atMost(Exports.PATIENCE).until(() -> Exports.fetch(brief).statusCode() == 403);
    }

    @Test
    void aCallerThatAsksForJsonGetsTheUrlInTheBody() throws Exception {
        JsonPath job = exports.exported(order());
        Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        JsonPath link = exports.link(job.getString("jobId"))
                .then()
                .statusCode(200)
                .contentType("application/json")
                .header("Cache-Control", "no-store")
                .header("Location", nullValue())
                .body("keySet()", containsInAnyOrder("url", "expiresAt", "fileName", "checksum"))
                .extract()
                .jsonPath();
        HttpResponse<byte[]> file = Exports.fetch(URI.create(link.getString("url")));
        assertThat(file.statusCode()).isEqualTo(200);
        assertThat(file.headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename=\"" + link.getString("fileName") + "\"");
        assertThat(link.getString("fileName")).isEqualTo("usage_" + org + "_2026-03-01_2026-03-31_daily.csv");
        assertThat(HexFormat.of().formatHex(Sha256.of(file.body())))
                .isEqualTo(link.getString("checksum"))
                .isEqualTo(job.getString("checksum"));
        assertThat(Instant.parse(link.getString("expiresAt")))
                .isBetween(before.plus(Duration.ofDays(1)), Instant.now().plus(Duration.ofDays(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"*/*", "text/csv", "text/html, application/json;q=0.9, */*;q=0.8"})
    void everyOtherCallerIsRedirected(String accept) {
        String id = exports.exported(order()).getString("jobId");
        exports.request()
                .accept(accept)
                .redirects()
                .follow(false)
                .get(exports.path(id) + "/download")
                .then()
                .statusCode(302)
                .header("Location", containsString("X-Amz-Signature="));
    }

    @Test
    void headIssuesNothing() {
        String id = exports.exported(order()).getString("jobId");
        exports.headOfDownload(id)
                .then()
                .statusCode(200)
                .header("Location", nullValue())
                .header("Cache-Control", "no-store");
        // Entries are written in their order, so one for the HEAD would be there before this one.
        exports.link(id).then().statusCode(200);
        await().atMost(Exports.PATIENCE).until(() -> urlsIssued() > 0);
        assertThat(urlsIssued()).isEqualTo(1);
    }

    private long urlsIssued() {
        return new Sql(database)
                .number("select count(*) from analytics.audit_log where org_id = '%s' and action like '%%:url-issued'"
                        .formatted(org));
    }
}

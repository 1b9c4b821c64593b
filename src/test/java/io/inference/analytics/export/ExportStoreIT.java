package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.export.OrgExportSettings.Preferences;
import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A file store that is down, that lacks a bucket, and that has to give up old files. */
@QuarkusTest
@WithBackends(s3 = true)
class ExportStoreIT {

    @Inject
    AgroalDataSource database;

    @Inject
    ObjectStore store;

    @Inject
    ExportUpkeep upkeep;

    @Inject
    OrgExportSettings settings;

    private final UUID org = UUID.randomUUID();
    private final Exports exports = new Exports(org);

    @Test
    void aStoreThatIsDownCostsNoJob() throws Exception {
        MarchUsage.of(org).store(database);
        LocalDev.act(Backend.S3, "kill");
        String kept;
        try {
            kept = exports.accepted(order());
            String cancelled = exports.accepted(order());
            exports.waiting(kept).body("lastProblem", equalTo("The file store does not answer."));
            exports.download(kept).then().statusCode(409);
            exports.link(kept).then().statusCode(409);
            exports.headOfDownload(kept).then().statusCode(409);
            for (int i = 0; i < 2; i++) {
                exports.cancel(cancelled).statusCode(200).body("status", equalTo("cancelled"));
            }
            exports.download(cancelled).then().statusCode(409);
            for (int i = 1; i < 10; i++) {
                exports.create(order()).then().statusCode(202);
            }
            exports.create(order()).then().statusCode(429).header("Retry-After", notNullValue());
        } finally {
            LocalDev.act(Backend.S3, "start");
        }
        JsonPath job = exports.ended(kept);
        assertThat(job.getString("status")).isEqualTo("succeeded");
        assertThat(job.getInt("tries")).isGreaterThan(1);
        exports.cancel(kept).statusCode(409);
    }

    @Test
    void aMissingBucketIsReportedAndWaitedFor() {
        settings.set(
                org,
                new Preferences(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("no-such-bucket")));
        String id = exports.accepted(order());
        exports.waiting(id).body("lastProblem", equalTo("The file store has no bucket no-such-bucket."));
        exports.cancel(id);
    }

    @Test
    void expiredFilesAreDeleted() throws Exception {
        MarchUsage.of(org).store(database);
        JsonPath job = exports.exported(order());
        String id = job.getString("jobId");
        int rows = new Sql(database)
                .execute("update analytics.export_jobs set expires_at = now() - interval '1 second' where job_id = '%s'"
                        .formatted(id));
        assertThat(rows).isPositive();
        upkeep.runOnce();
        exports.job(id)
                .body("status", equalTo("expired"))
                .body("outputUri", nullValue())
                .body("checksum", equalTo(job.getString("checksum")));
        exports.download(id).then().statusCode(410).contentType("application/problem+json");
        exports.link(id).then().statusCode(410).contentType("application/problem+json");
        exports.headOfDownload(id).then().statusCode(410);
        assertThat(exports.object(store, id + ".csv").statusCode()).isEqualTo(404);
        assertThat(exports.object(store, id + ".manifest.json").statusCode()).isEqualTo(404);
    }
}

package io.inference.analytics.export;

import static io.inference.analytics.export.Exports.order;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.objectstore.ObjectStore;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a signed URL opens, and for how long. */
@QuarkusTest
@WithBackends(s3 = true)
class SignedUrlIT {

    @Inject
    ObjectStore store;

    private final Exports exports = new Exports(UUID.randomUUID());

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
}

package io.inference.analytics.openapi;

import static io.restassured.RestAssured.given;

import io.inference.analytics.devtools.StoredDocument;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class OpenApiIT {

    private static final Path STORED = Path.of("docs/openapi.yaml");

    @Test
    void theStoredDocumentIsTheOneThatIsOffered() throws IOException {
        StoredDocument.assertStored(
                STORED, given().get("/openapi").then().statusCode(200).extract().asString());
    }
}

package io.inference.analytics.platform;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class OpenApiIT {

    private static final Path STORED = Path.of("docs/openapi.yaml");

    /** To store what is offered now: {@code mvn verify -Dit.test=OpenApiIT -Dopenapi.write}. */
    @Test
    void theStoredDocumentIsTheOneThatIsOffered() throws IOException {
        String offered =
                given().get("/openapi").then().statusCode(200).extract().asString();
        if (System.getProperty("openapi.write") != null) {
            Files.createDirectories(STORED.getParent());
            Files.writeString(STORED, offered, StandardCharsets.UTF_8);
        }
        assertThat(STORED)
                .as("see the comment of this test")
                .content(StandardCharsets.UTF_8)
                .isEqualTo(offered);
    }
}

package io.inference.analytics.openapi;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that openapi-generator makes of the document understand every field of real answers: what they read and write again is
 * what the service sent.
 */
@QuarkusTest
@WithBackends(s3 = true)
class GeneratedClientsIT {

    private static final Path CLIENTS = Path.of("target/clients").toAbsolutePath();
    private static final Path CALLERS = Path.of("src/test/resources/clients").toAbsolutePath();
    private static final String ORDER =
            """
            {"timeRange": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-03T00:00:00Z"}}""";
    private static final ObjectMapper JSON = new ObjectMapper();

    @Inject
    AgroalDataSource database;

    private final UUID org = UUID.randomUUID();
    private final String token = Tokens.of(List.of("finance", "engineer"), org);
    private String job;

    @BeforeEach
    void usageAndAnExport() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, UUID.randomUUID(), "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, UUID.randomUUID(), "2026-03-02T10:00:00Z")
                        .status("timeout")
                        .tokens(3_000_000_000L, 7)
                        .cost(null))
                .store(database);
        job = asked().contentType("application/json")
                .body(ORDER)
                .post("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(202)
                .extract()
                .path("jobId");
        await("the end of export " + job)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> answer("/exports/" + job).get("status").asText().equals("succeeded"));
    }

    private RequestSpecification asked() {
        return given().auth().oauth2(token);
    }

    private JsonNode answer(String pathAndQuery) throws IOException {
        return JSON.readTree(asked().urlEncodingEnabled(false)
                .get("/analytics/v1/orgs/" + org + pathAndQuery)
                .then()
                .statusCode(200)
                .extract()
                .asByteArray());
    }

    @Test
    void theJavaClientUnderstandsTheAnswers() throws Exception {
        Path sources = generated(
                "java",
                "--library native",
                "openApiNullable=false,useJakartaEe=true,containerDefaultToNull=true,"
                        + "invokerPackage=analytics.client,apiPackage=analytics.client.api,modelPackage=analytics.client.model");
        Path classes = compiled(sources.resolve("src/main/java"), CALLERS.resolve("Ask.java"));
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            Object answers = loader.loadClass("Ask")
                    .getMethod("ask", String.class, String.class, String.class, String.class)
                    .invoke(null, url(), token, org.toString(), job);
            assertUnderstood(JSON.readTree((String) answers), "made-by-java");
        }
    }

    @Test
    void thePythonClientUnderstandsTheAnswers() throws IOException {
        String pydantic = LocalDev.script(Map.of(), "/usr/bin/python3 -c 'import pydantic; print(pydantic.VERSION)'")
                .output();
        assertThat(pydantic).as("version of the package python3-pydantic").isNotBlank();
        // Debian 12 has pydantic 1, later releases 2; each has its generator.
        String generator = pydantic.startsWith("1.") ? "python-pydantic-v1" : "python";
        Path sources = generated(generator, "", "packageName=analytics_client");
        LocalDev.Result result = LocalDev.script(
                Map.of("PYTHONPATH", sources + ":" + CALLERS.resolve("without-aenum")),
                "/usr/bin/python3 %s/ask.py '%s' '%s' '%s' '%s'".formatted(CALLERS, url(), token, org, job));
        assertThat(result.exitCode()).as("see target/local-dev.log").isZero();
        assertUnderstood(JSON.readTree(result.output()), "made-by-python");
    }

    private static String url() {
        return "http://localhost:" + RestAssured.port;
    }

    private void assertUnderstood(JsonNode understood, String key) throws IOException {
        String range = "?start=2026-03-01T00:00:00Z&end=2026-03-03T00:00:00Z";
        assertSame(understood, "usage", answer("/usage" + range + "&granularity=day&groupBy=model&groupBy=client"));
        assertSame(
                understood,
                "reliability",
                answer("/reliability" + range + "&granularity=hour&groupBy=model&percentile=p95"));
        assertSame(understood, "freshness", answer("/freshness"));
        assertSame(understood, "export", answer("/exports/" + job));
        assertThat(understood.at("/exports/jobs/0/jobId").asText()).isEqualTo(job);
        String sameJob = asked().contentType("application/json")
                .header("Idempotency-Key", key)
                .body(ORDER)
                .post("/analytics/v1/orgs/{org}/exports", org)
                .then()
                .statusCode(202)
                .extract()
                .path("jobId");
        assertThat(understood.get("created").asText()).isEqualTo(sameJob);
        assertThat(understood.get("faults").findValuesAsText("field"))
                .contains("[0].eventId", "[0].occurredAt")
                .doesNotContain("[0].orgId");
    }

    private static void assertSame(JsonNode understood, String what, JsonNode sent) {
        assertThat(plain(understood.get(what))).as(what).isEqualTo(plain(sent));
    }

    /** Without null, which clients may leave out, and with times in one spelling. */
    private static JsonNode plain(JsonNode value) {
        if (value.isObject()) {
            ObjectNode fields = JSON.createObjectNode();
            value.properties().stream()
                    .filter(field -> !field.getValue().isNull())
                    .forEach(field -> fields.set(field.getKey(), plain(field.getValue())));
            return fields;
        } else if (value.isArray()) {
            List<JsonNode> items = new ArrayList<>();
            value.forEach(item -> items.add(plain(item)));
            return JSON.createArrayNode().addAll(items);
        } else if (value.isTextual() && value.asText().matches("\\d{4}-\\d\\d-\\d\\dT.*")) {
            return JSON.getNodeFactory()
                    .textNode(OffsetDateTime.parse(value.asText()).toInstant().toString());
        }
        return value.isNumber()
                ? JSON.getNodeFactory().numberNode(value.decimalValue().stripTrailingZeros())
                : value;
    }

    private static Path generated(String generator, String options, String properties) throws IOException {
        Path target = CLIENTS.resolve(generator);
        LocalDev.Result result = LocalDev.script(
                Map.of(),
                """
                set -e
                rm -rf '%1$s'
                java -jar target/openapi-generator/openapi-generator-cli.jar generate -i docs/openapi.yaml -g %2$s %3$s -o '%1$s' \
                    --global-property apis,models,supportingFiles,modelTests=false,apiTests=false,modelDocs=false,apiDocs=false \
                    --additional-properties='%4$s,hideGenerationTimestamp=true'
                """
                        .formatted(target, generator, options, properties));
        assertThat(result.exitCode()).as("see target/local-dev.log").isZero();
        return target;
    }

    private static Path compiled(Path sources, Path caller) throws IOException {
        Path classes = Files.createDirectories(CLIENTS.resolve("java-classes"));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString()));
        arguments.addAll(List.of(
                "-cp", Files.readString(Path.of("target/test-classpath.txt")).strip()));
        try (Stream<Path> files = Files.walk(sources)) {
            files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(arguments::add);
        }
        arguments.add(caller.toString());
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
                .isZero();
        return classes;
    }
}

package io.inference.analytics.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.testing.Schemas;
import io.quarkus.test.junit.callback.QuarkusTestBeforeEachCallback;
import io.quarkus.test.junit.callback.QuarkusTestMethodContext;
import io.restassured.RestAssured;
import io.restassured.filter.Filter;
import io.restassured.filter.FilterContext;
import io.restassured.response.Response;
import io.restassured.specification.FilterableRequestSpecification;
import io.restassured.specification.FilterableResponseSpecification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;

/** Holds every JSON answer that any test gets through REST Assured to the document: types, null, required and unknown fields. */
public class AnswersMatchTheDocument implements QuarkusTestBeforeEachCallback {

    private static final Document DOCUMENT = Document.stored();
    private static final Schemas SCHEMAS = new Schemas(DOCUMENT::resolved);
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public void beforeEach(QuarkusTestMethodContext context) {
        RestAssured.replaceFiltersWith((Filter) AnswersMatchTheDocument::filter);
    }

    private static Response filter(
            FilterableRequestSpecification request, FilterableResponseSpecification expected, FilterContext context) {
        Response answer = context.next(request, expected);
        DOCUMENT.operation(request.getMethod(), URI.create(request.getURI()).getRawPath())
                .ifPresent(operation -> check(operation, answer));
        return answer;
    }

    private static void check(Document.Operation operation, Response answer) {
        String status = String.valueOf(answer.statusCode());
        String type = answer.contentType().replaceFirst(";.*", "");
        JsonNode documented =
                DOCUMENT.resolved(operation.json().get("responses").path(status));
        assertThat(documented.isMissingNode())
                .as("%s answered %s, which the document does not mention", operation.id(), status)
                .isFalse();
        if (type.endsWith("json")) {
            JsonNode schema = documented.path("content").path(type).path("schema");
            assertThat(schema.isMissingNode())
                    .as("%s answered %s with %s, which the document does not mention", operation.id(), status, type)
                    .isFalse();
            try {
                assertThat(SCHEMAS.faults(JSON.readTree(answer.asByteArray()), schema))
                        .as("%s, status %s", operation.id(), status)
                        .isEmpty();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

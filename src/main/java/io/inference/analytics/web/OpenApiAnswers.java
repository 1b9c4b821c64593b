package io.inference.analytics.web;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Content;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.responses.APIResponses;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Adds the credentials that operations take, and the problems that they answer with, each defined once. */
final class OpenApiAnswers {

    private static final String OPEN_PREFIX = "/analytics/v1/status/";
    private static final String TOKEN = "bearer";
    private static final String KEY = "apiKey";

    /** Problems by status: the component's name, and what it means where an operation says nothing else. */
    private record Shared(String name, String description) {}

    private static final Map<String, Shared> PROBLEMS = new LinkedHashMap<>();

    static {
        PROBLEMS.put("400", new Shared("BadRequest", "The request is not valid; errors lists every fault"));
        PROBLEMS.put("401", new Shared("Unauthorized", "The credential is missing or not valid"));
        PROBLEMS.put("403", new Shared("Forbidden", "The credential lacks the permission or the organisation"));
        PROBLEMS.put("404", new Shared("NotFound", "The resource does not exist"));
        PROBLEMS.put("406", new Shared("NotAcceptable", "None of the media types in Accept is offered"));
        PROBLEMS.put("413", new Shared("TooLarge", "The body is too large"));
        PROBLEMS.put("415", new Shared("UnsupportedMediaType", "The body is not application/json"));
        PROBLEMS.put("429", new Shared("TooManyRequests", "Too many requests; Retry-After gives the seconds to wait"));
        PROBLEMS.put(
                "503", new Shared("Unavailable", "A backend is unavailable; Retry-After gives the seconds to wait"));
    }

    private OpenApiAnswers() {}

    static void addTo(OpenAPI api) {
        addCredentials(api);
        PROBLEMS.forEach(
                (status, shared) -> api.getComponents().addResponse(shared.name(), problem(shared.description())));
        for (Map.Entry<String, PathItem> path : api.getPaths().getPathItems().entrySet()) {
            boolean open = path.getKey().startsWith(OPEN_PREFIX);
            for (Operation operation : path.getValue().getOperations().values()) {
                operation.setSecurity(open ? List.of() : eitherCredential());
                complete(operation, open);
            }
        }
    }

    private static void addCredentials(OpenAPI api) {
        api.getComponents()
                .addSecurityScheme(
                        TOKEN,
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.HTTP)
                                .scheme("bearer")
                                .bearerFormat("JWT")
                                .description("RS256 or ES256, with the claims sub, orgs (array of UUID) and roles"))
                .addSecurityScheme(
                        KEY,
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.APIKEY)
                                .in(SecurityScheme.In.HEADER)
                                .name("X-API-Key")
                                .description("A key with its own organisations and permissions, created by a system"
                                        + " administrator"));
    }

    private static List<org.eclipse.microprofile.openapi.models.security.SecurityRequirement> eitherCredential() {
        return List.of(
                OASFactory.createSecurityRequirement().addScheme(TOKEN),
                OASFactory.createSecurityRequirement().addScheme(KEY));
    }

    private static void complete(Operation operation, boolean open) {
        APIResponses responses = operation.getResponses();
        // An operation states in one line what else it refuses; every refusal is a problem.
        responses.getAPIResponses().forEach((status, response) -> {
            if (status.startsWith("4") && response.getContent() == null && response.getRef() == null) {
                response.setContent(problem("").getContent());
            }
        });
        PROBLEMS.forEach((status, shared) -> {
            if (!responses.hasAPIResponse(status) && canAnswer(operation, open, status)) {
                responses.addAPIResponse(
                        status, OASFactory.createAPIResponse().ref("#/components/responses/" + shared.name()));
            }
        });
    }

    private static boolean canAnswer(Operation operation, boolean open, String status) {
        return switch (status) {
            case "406" -> choosesItsForm(operation);
            case "413", "415" -> operation.getRequestBody() != null;
            default -> !open;
        };
    }

    /** Raw events are CSV, whatever a caller accepts; what has no body accepts everything. */
    private static boolean choosesItsForm(Operation operation) {
        return operation.getResponses().getAPIResponses().entrySet().stream()
                .filter(response -> response.getKey().startsWith("2"))
                .map(response -> response.getValue().getContent())
                .anyMatch(content -> content != null && content.hasMediaType("application/json"));
    }

    private static APIResponse problem(String description) {
        Content content = OASFactory.createContent()
                .addMediaType(
                        Problem.MEDIA_TYPE,
                        OASFactory.createMediaType()
                                .schema(OASFactory.createSchema().ref("#/components/schemas/Problem")));
        return OASFactory.createAPIResponse().description(description).content(content);
    }
}

package io.inference.analytics.web;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.responses.APIResponses;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Adds to the OpenAPI document what holds everywhere: credentials, and the problems that any operation can answer. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class OpenApiErrors implements OASFilter {

    private static final String OPEN_PREFIX = "/analytics/v1/status/";
    private static final String SCHEME = "bearer";
    private static final String KEY_SCHEME = "apiKey";

    private static final Map<String, String> EVERYWHERE = new LinkedHashMap<>();

    static {
        EVERYWHERE.put("400", "The request is not valid; errors names every fault");
        EVERYWHERE.put("401", "No credential, or one that does not hold");
        EVERYWHERE.put("403", "The permission is missing, or the organisation is a foreign one");
        EVERYWHERE.put("404", "There is no such thing");
        EVERYWHERE.put("429", "Too many requests; Retry-After tells when to try again");
        EVERYWHERE.put("503", "A backend is down; Retry-After tells when to try again");
    }

    @Override
    public void filterOpenAPI(OpenAPI api) {
        if (api.getComponents() == null) {
            api.setComponents(OASFactory.createComponents());
        }
        api.getComponents()
                .addSecurityScheme(
                        SCHEME,
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.HTTP)
                                .scheme("bearer")
                                .bearerFormat("JWT")
                                .description("RS256 or ES256, with the claims sub, orgs (array of UUID) and roles"));
        api.getComponents()
                .addSecurityScheme(
                        KEY_SCHEME,
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.APIKEY)
                                .in(SecurityScheme.In.HEADER)
                                .name("X-API-Key")
                                .description(
                                        "A key that a system admin made, with its own organisations and permissions"));
        if (api.getPaths() == null || api.getPaths().getPathItems() == null) {
            return;
        }
        for (Map.Entry<String, PathItem> path : api.getPaths().getPathItems().entrySet()) {
            if (!path.getKey().startsWith(OPEN_PREFIX)) {
                path.getValue().getOperations().values().forEach(OpenApiErrors::complete);
            }
        }
    }

    private static void complete(Operation operation) {
        operation.setSecurity(List.of(
                OASFactory.createSecurityRequirement().addScheme(SCHEME),
                OASFactory.createSecurityRequirement().addScheme(KEY_SCHEME)));
        APIResponses responses =
                operation.getResponses() == null ? OASFactory.createAPIResponses() : operation.getResponses();
        // An operation says in one line what else it refuses; every refusal is a problem.
        responses.getAPIResponses().forEach((status, response) -> {
            if (status.startsWith("4") && response.getContent() == null && response.getRef() == null) {
                response.setContent(problem(response.getDescription()).getContent());
            }
        });
        EVERYWHERE.forEach((status, description) -> {
            if (!responses.hasAPIResponse(status)) {
                responses.addAPIResponse(status, problem(description));
            }
        });
        operation.setResponses(responses);
    }

    private static APIResponse problem(String description) {
        return OASFactory.createAPIResponse()
                .description(description)
                .content(OASFactory.createContent()
                        .addMediaType(
                                Problem.MEDIA_TYPE,
                                OASFactory.createMediaType()
                                        .schema(OASFactory.createSchema().ref("#/components/schemas/Problem"))));
    }
}

package io.inference.analytics.web;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.jboss.jandex.IndexView;

/** What is added to the annotations of the resources when the service is built and its OpenAPI document is written. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class OpenApiDocument implements OASFilter {

    private static final Map<String, String> TAGS = new LinkedHashMap<>();

    static {
        TAGS.put("usage", "Tokens, invocations and cost of an organisation");
        TAGS.put("reliability", "Error rates, latency percentiles and incidents of an organisation");
        TAGS.put("freshness", "How far the figures lag behind the events");
        TAGS.put("exports", "Files of usage and cost, written in the background");
        TAGS.put("budgets", "Amounts that an organisation does not want to exceed, with their state");
        TAGS.put("prices", "The price book, by which events without a cost are priced");
        TAGS.put("catalog", "Organisations, models and clients, and their names");
        TAGS.put("events", "Usage events over HTTP, and checks for their producers");
        TAGS.put("providers", "The providers' bills for the whole company, and reconciliation");
        TAGS.put("audit", "Who was allowed or denied access to what");
        TAGS.put("api-keys", "Keys for programs");
        TAGS.put("status", "Liveness and readiness, without a credential");
    }

    private final IndexView classes;

    /** @param classes the compiled classes of the application */
    public OpenApiDocument(IndexView classes) {
        this.classes = classes;
    }

    @Override
    public Schema filterSchema(Schema schema) {
        return OpenApiSchemas.plain(schema);
    }

    @Override
    public void filterOpenAPI(OpenAPI api) {
        if (api.getComponents() == null) {
            api.setComponents(OASFactory.createComponents());
        }
        api.setTags(TAGS.entrySet().stream()
                .map(tag -> OASFactory.createTag().name(tag.getKey()).description(tag.getValue()))
                .toList());
        new OpenApiParameters(classes).addTo(api);
        OpenApiAnswers.addTo(api);
        new OpenApiSchemas(classes).requireWhatIsAlwaysThere(api);
    }
}

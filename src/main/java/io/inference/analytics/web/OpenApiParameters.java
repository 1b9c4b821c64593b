package io.inference.analytics.web;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.jboss.jandex.AnnotationInstance;
import org.jboss.jandex.DotName;
import org.jboss.jandex.IndexView;

/** Defines the shared parameters once, and refers to them where {@link Takes} or the path of an operation names them. */
final class OpenApiParameters {

    private static final DotName OPERATION =
            DotName.createSimple("org.eclipse.microprofile.openapi.annotations.Operation");

    /** By the id of the operation. */
    private final Map<String, List<SharedParameter>> taken;

    OpenApiParameters(IndexView classes) {
        taken = classes.getAnnotations(Takes.class).stream()
                .map(AnnotationInstance::target)
                .collect(Collectors.toMap(
                        method -> method.asMethod()
                                .annotation(OPERATION)
                                .value("operationId")
                                .asString(),
                        method -> Arrays.stream(method.asMethod()
                                        .annotation(Takes.class)
                                        .value()
                                        .asEnumArray())
                                .map(SharedParameter::valueOf)
                                .toList(),
                        // Quarkus indexes the classes of the application twice.
                        (parameters, same) -> parameters));
    }

    void addTo(OpenAPI api) {
        for (SharedParameter shared : SharedParameter.values()) {
            api.getComponents().addParameter(shared.component(), shared.definition());
        }
        for (PathItem path : api.getPaths().getPathItems().values()) {
            path.setParameters(referenced(path.getParameters(), List.of()));
            path.getOperations().values().forEach(operation -> {
                List<Parameter> own = operation.getParameters();
                (own == null ? List.<Parameter>of() : own).forEach(parameter -> spellOut(parameter, api));
                operation.setParameters(referenced(own, taken.getOrDefault(operation.getOperationId(), List.of())));
            });
        }
    }

    /**
     * Lists the values that a repeatable parameter may have, instead of naming their type: clients
     * that openapi-generator makes for Python send the names of the type's constants.
     */
    private static void spellOut(Parameter parameter, OpenAPI api) {
        Schema items =
                parameter.getSchema() == null ? null : parameter.getSchema().getItems();
        if (items == null || items.getRef() == null) {
            return;
        }
        String name = items.getRef().substring(items.getRef().lastIndexOf('/') + 1);
        parameter
                .getSchema()
                .setItems(OASFactory.createSchema()
                        .addType(Schema.SchemaType.STRING)
                        .enumeration(api.getComponents().getSchemas().get(name).getEnumeration()));
    }

    private static List<Parameter> referenced(List<Parameter> own, List<SharedParameter> shared) {
        Set<SharedParameter> all = EnumSet.noneOf(SharedParameter.class);
        all.addAll(shared);
        List<Parameter> others = new ArrayList<>();
        for (Parameter parameter : own == null ? List.<Parameter>of() : own) {
            SharedParameter.ofPath(parameter).ifPresentOrElse(all::add, () -> others.add(parameter));
        }
        List<Parameter> parameters = Stream.concat(all.stream().map(SharedParameter::reference), others.stream())
                .toList();
        return parameters.isEmpty() ? null : parameters;
    }
}

package io.inference.analytics.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.jboss.jandex.AnnotationInstance;
import org.jboss.jandex.AnnotationTarget;
import org.jboss.jandex.ClassInfo;
import org.jboss.jandex.DotName;
import org.jboss.jandex.FieldInfo;
import org.jboss.jandex.IndexView;

/**
 * Makes schemas that generators of clients understand. What a record always writes is required: every component but those
 * with {@code @JsonInclude(NON_NULL)}, so that the annotation that leaves a field out also makes it optional here.
 */
final class OpenApiSchemas {

    private static final Map<String, String> FORMATS = Map.of(
            "UUID", "uuid",
            "Instant", "date-time",
            "OffsetDateTime", "date-time",
            "LocalDate", "date");
    private static final DotName SCHEMA =
            DotName.createSimple("org.eclipse.microprofile.openapi.annotations.media.Schema");
    private static final DotName MAY_BE_ABSENT = DotName.createSimple(JsonInclude.class);
    private static final DotName UNWRAPPED = DotName.createSimple(JsonUnwrapped.class);

    private final IndexView classes;

    OpenApiSchemas(IndexView classes) {
        this.classes = classes;
    }

    /** Scalars stand where they are used, an enumeration of an array's values is one of its items, integers are long. */
    static Schema plain(Schema schema) {
        scalar(schema).ifPresent(format -> {
            boolean nullable = schema.getAnyOf() != null;
            schema.setRef(null);
            schema.setAnyOf(null);
            schema.setType(nullable ? List.of(SchemaType.STRING, SchemaType.NULL) : List.of(SchemaType.STRING));
            schema.setFormat(format);
        });
        if (schema.getRef() != null) {
            schema.setType(null);
        }
        if (schema.getAnyOf() != null) {
            // Version 3.0 knows nullable only next to a type.
            schema.setType(List.of(SchemaType.OBJECT, SchemaType.NULL));
        }
        if ("uuid".equals(schema.getFormat())) {
            schema.setPattern(null);
        }
        List<SchemaType> types = schema.getType() == null ? List.of() : schema.getType();
        if (types.contains(SchemaType.INTEGER) && schema.getFormat() == null) {
            schema.setFormat("int64");
        }
        if (types.contains(SchemaType.ARRAY) && schema.getEnumeration() != null) {
            schema.getItems().setEnumeration(schema.getEnumeration());
            schema.setEnumeration(null);
        }
        return schema;
    }

    /** The format of a scalar that is referenced, alone or as an alternative to null. */
    private static Optional<String> scalar(Schema schema) {
        if (schema.getRef() != null) {
            return Optional.ofNullable(FORMATS.get(schema.getRef().replaceFirst(".*/", "")));
        }
        if (schema.getAnyOf() == null) {
            return Optional.empty();
        }
        return schema.getAnyOf().stream()
                .flatMap(part ->
                        part.getRef() != null ? scalar(part).stream() : Optional.ofNullable(part.getFormat()).stream())
                .findFirst();
    }

    void requireWhatIsAlwaysThere(OpenAPI api) {
        Map<String, Schema> schemas = api.getComponents().getSchemas();
        for (AnnotationInstance annotation : classes.getAnnotations(SCHEMA)) {
            if (annotation.target().kind() == AnnotationTarget.Kind.CLASS && annotation.value("name") != null) {
                Schema schema = schemas.get(annotation.value("name").asString());
                ClassInfo type = annotation.target().asClass();
                if (schema != null && type.isRecord() && !mayBeAbsent(type.declaredAnnotation(MAY_BE_ABSENT))) {
                    alwaysThere(type).stream()
                            .filter(name -> schema.getRequired() == null
                                    || !schema.getRequired().contains(name))
                            .forEach(schema::addRequired);
                }
            }
        }
        FORMATS.keySet().forEach(api.getComponents()::removeSchema);
    }

    private List<String> alwaysThere(ClassInfo type) {
        List<String> names = new ArrayList<>();
        if (mayBeAbsent(type.declaredAnnotation(MAY_BE_ABSENT))) {
            return names;
        }
        for (FieldInfo field : type.fieldsInDeclarationOrder()) {
            if (java.lang.reflect.Modifier.isStatic(field.flags())) {
                continue;
            }
            if (field.hasAnnotation(UNWRAPPED)) {
                names.addAll(alwaysThere(classes.getClassByName(field.type().name())));
            } else if (!mayBeAbsent(field.annotation(MAY_BE_ABSENT))) {
                names.add(field.name());
            }
        }
        return names;
    }

    private static boolean mayBeAbsent(AnnotationInstance inclusion) {
        return inclusion != null
                && inclusion.value() != null
                && inclusion.value().asEnum().equals("NON_NULL");
    }
}

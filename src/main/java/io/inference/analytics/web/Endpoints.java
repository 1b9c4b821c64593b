package io.inference.analytics.web;

import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.spi.Bean;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which methods each path offers, by the annotations of the resources. Quarkus REST looks into one resource class only and so
 * answers 404 where another class offers the path, and never says which methods there are.
 */
@ApplicationScoped
class Endpoints {

    private static final Pattern PARAMETER = Pattern.compile("\\{[^}]*}");

    private record Endpoint(Pattern path, int literalCharacters, Set<String> methods) {}

    private final List<Endpoint> endpoints = new ArrayList<>();

    Endpoints(BeanManager beans) {
        Map<String, Set<String>> methods = new TreeMap<>();
        for (Bean<?> bean : beans.getBeans(Object.class, Any.Literal.INSTANCE)) {
            Path root = bean.getBeanClass().getAnnotation(Path.class);
            if (root != null) {
                for (Method method : bean.getBeanClass().getDeclaredMethods()) {
                    add(methods, root, method);
                }
            }
        }
        methods.forEach((template, offered) -> endpoints.add(endpoint(template, offered)));
        // Of several templates that fit, the one with the most literal characters wins (JAX-RS 3.7.2).
        endpoints.sort(Comparator.comparingInt(Endpoint::literalCharacters).reversed());
    }

    private static void add(Map<String, Set<String>> methods, Path root, Method method) {
        Path path = method.getAnnotation(Path.class);
        for (Annotation annotation : method.getAnnotations()) {
            HttpMethod offered = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (offered != null) {
                String template = ("/" + root.value() + "/" + (path == null ? "" : path.value()))
                        .replaceAll("/+", "/")
                        .replaceAll("(.)/$", "$1");
                methods.computeIfAbsent(template, any -> new TreeSet<>()).add(offered.value());
            }
        }
    }

    private static Endpoint endpoint(String template, Set<String> methods) {
        if (methods.contains(HttpMethod.GET)) {
            methods.add(HttpMethod.HEAD);
        }
        methods.add(HttpMethod.OPTIONS);
        String[] literals = PARAMETER.split(template, -1);
        StringBuilder path = new StringBuilder();
        int characters = 0;
        for (String literal : literals) {
            path.append(path.isEmpty() ? "" : "[^/]+").append(Pattern.quote(literal));
            characters += literal.length();
        }
        return new Endpoint(Pattern.compile(path + "/?"), characters, methods);
    }

    /** The value of the header Allow, if the path of the request is one of ours and the method is not one of its own. */
    Optional<String> allowedInstead(RoutingContext request) {
        String path = String.valueOf(request.normalizedPath());
        String method = request.request().method().name();
        return endpoints.stream()
                .filter(endpoint -> endpoint.path().matcher(path).matches())
                .findFirst()
                .filter(endpoint -> !endpoint.methods().contains(method))
                .map(endpoint -> String.join(", ", endpoint.methods()));
    }
}

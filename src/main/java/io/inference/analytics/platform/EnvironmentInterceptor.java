package io.inference.analytics.platform;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Priorities;
import jakarta.annotation.Priority;
import java.io.Serial;
import java.util.Optional;

/**
 * Derives {@code analytics.database.jdbc-url}, {@code .username} and {@code .password} from DATABASE_URL, so that
 * {@code application.properties} can hand them to every pool. Derived when asked for, so a build needs no database; a missing
 * or malformed variable fails the start with one line that names it. REDIS_URL is checked here too, as its client would
 * fail without naming it.
 */
@Priority(Priorities.LIBRARY + 100)
public class EnvironmentInterceptor implements ConfigSourceInterceptor {

    @Serial
    private static final long serialVersionUID = 1;

    private static final String PREFIX = "analytics.database.";
    private static final String TRACING = "analytics.tracing.";

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        if (name.startsWith(TRACING)) {
            return tracing(context, name);
        }
        if (name.equals("analytics.redis.hosts")) {
            return value(name, Optional.of(redis(environment(context, "REDIS_URL"))));
        }
        if (!name.startsWith(PREFIX)) {
            return context.proceed(name);
        }
        return switch (name.substring(PREFIX.length())) {
            case "jdbc-url" -> value(name, Optional.of(parse(context).jdbcUrl()));
            case "username" -> value(name, parse(context).username());
            case "password" -> value(name, parse(context).password());
            default -> context.proceed(name);
        };
    }

    private static ConfigValue tracing(ConfigSourceInterceptorContext context, String name) {
        String endpoint = environment(context, "OTEL_EXPORTER_OTLP_ENDPOINT");
        return switch (name.substring(TRACING.length())) {
            case "disabled" -> value(name, Optional.of(Boolean.toString(endpoint.isEmpty())));
            case "protocol" -> {
                String given = environment(context, "OTEL_EXPORTER_OTLP_PROTOCOL");
                // The default of OpenTelemetry is HTTP; 4317 is the port of gRPC by its own rules.
                String usual = endpoint.matches(".*:4317/?") ? "grpc" : "http/protobuf";
                yield value(name, Optional.of(given.isEmpty() ? usual : given));
            }
            default -> context.proceed(name);
        };
    }

    private static String redis(String url) {
        if (url.isEmpty()) {
            return "redis://localhost:6379";
        }
        if (!url.matches("(redis|rediss|unix)://\\S+")) {
            throw new IllegalArgumentException(
                    "REDIS_URL is malformed (expected: redis://user:password@host:port or rediss://…)");
        }
        return url;
    }

    private static String environment(ConfigSourceInterceptorContext context, String name) {
        ConfigValue value = context.restart(name);
        return value == null || value.getValue() == null ? "" : value.getValue().strip();
    }

    private static DatabaseUrl parse(ConfigSourceInterceptorContext context) {
        ConfigValue url = context.restart("DATABASE_URL");
        return DatabaseUrl.parse(url == null ? null : url.getValue());
    }

    private static ConfigValue value(String name, Optional<String> value) {
        return ConfigValue.builder()
                .withName(name)
                .withValue(value.orElse(""))
                .withRawValue(value.orElse(""))
                .withConfigSourceName("DATABASE_URL")
                .build();
    }
}

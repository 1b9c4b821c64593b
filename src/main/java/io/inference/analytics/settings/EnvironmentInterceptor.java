package io.inference.analytics.settings;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Priorities;
import jakarta.annotation.Priority;
import java.io.Serial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Derives what the libraries need from the settings, so that {@code application.properties} can hand
 * it on:
 *
 * <ul>
 *   <li>{@code analytics.database.jdbc-url}, {@code .username} and {@code .password} of every pool,
 *       from {@code analytics.database.url} (DATABASE_URL). A missing or malformed URL fails the
 *       start with one line that names it.
 *   <li>{@code analytics.tracing.disabled} and {@code .transport} from {@code
 *       analytics.tracing.endpoint}.
 *   <li>{@code analytics.logging.service} and {@code .libraries} from {@code
 *       analytics.logging.level}. At debug, the lines of libraries would drown the service's own,
 *       and some quote what they send.
 * </ul>
 *
 * <p>White space around the value of a {@link Setting} is removed. Values are derived on demand, so a
 * build needs no settings.
 */
@Priority(Priorities.LIBRARY + 100)
public class EnvironmentInterceptor implements ConfigSourceInterceptor {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Path AUTHORITIES_OF_THE_DRIVER =
            Path.of(System.getProperty("user.home"), ".postgresql", "root.crt");

    private static final String PREFIX = "analytics.database.";
    private static final String TRACING = "analytics.tracing.";
    private static final String LOGGING = "analytics.logging.";

    /** Variables and properties of the settings. */
    private static final Set<String> SETTINGS = Arrays.stream(Setting.values())
            .flatMap(setting -> Stream.of(setting.name(), setting.property()))
            .collect(Collectors.toUnmodifiableSet());

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        if (SETTINGS.contains(name)) {
            return stripped(context.proceed(name));
        }
        if (name.startsWith(TRACING)) {
            return tracing(context, name);
        }
        if (name.startsWith(LOGGING)) {
            return logging(context, name);
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

    /** Values that come from files often end with a newline. */
    private static ConfigValue stripped(ConfigValue value) {
        return value == null || value.getValue() == null
                ? value
                : value.withValue(value.getValue().strip());
    }

    private static ConfigValue tracing(ConfigSourceInterceptorContext context, String name) {
        return switch (name.substring(TRACING.length())) {
            case "disabled" ->
                value(
                        name,
                        Optional.of(Boolean.toString(given(context, Setting.OTEL_EXPORTER_OTLP_ENDPOINT)
                                .isEmpty())));
            case "transport" -> {
                String protocol = given(context, Setting.OTEL_EXPORTER_OTLP_PROTOCOL);
                // OpenTelemetry uses HTTP by default, and reserves port 4317 for gRPC.
                String usual =
                        given(context, Setting.OTEL_EXPORTER_OTLP_ENDPOINT).matches(".*:4317/?")
                                ? "grpc"
                                : "http/protobuf";
                yield value(name, Optional.of(protocol.isEmpty() ? usual : protocol.toLowerCase(Locale.ROOT)));
            }
            default -> context.proceed(name);
        };
    }

    private static ConfigValue logging(ConfigSourceInterceptorContext context, String name) {
        return switch (name.substring(LOGGING.length())) {
            case "service" -> value(name, Optional.of(level(context)));
            case "libraries" -> value(name, Optional.of(level(context).equals("DEBUG") ? "INFO" : level(context)));
            default -> context.proceed(name);
        };
    }

    private static String level(ConfigSourceInterceptorContext context) {
        String wanted = given(context, Setting.LOG_LEVEL).toUpperCase(Locale.ROOT);
        return wanted.isEmpty() ? "INFO" : wanted;
    }

    private static String given(ConfigSourceInterceptorContext context, Setting setting) {
        ConfigValue value = context.restart(setting.property());
        return value == null || value.getValue() == null ? "" : value.getValue().strip();
    }

    private static DatabaseUrl parse(ConfigSourceInterceptorContext context) {
        DatabaseUrl url = DatabaseUrl.parse(given(context, Setting.DATABASE_URL));
        // The driver's own file, where somebody made one, counts as long as TRUSTED_CA_FILE does not.
        boolean own = given(context, Setting.TRUSTED_CA_FILE).isEmpty() && Files.exists(AUTHORITIES_OF_THE_DRIVER);
        return own ? url : url.trustingTheJvm();
    }

    private static ConfigValue value(String name, Optional<String> value) {
        return ConfigValue.builder()
                .withName(name)
                .withValue(value.orElse(""))
                .withRawValue(value.orElse(""))
                .withConfigSourceName("derived")
                .build();
    }
}

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
 * or malformed variable fails the start with one line that names it.
 */
@Priority(Priorities.LIBRARY + 100)
public class EnvironmentInterceptor implements ConfigSourceInterceptor {

    @Serial
    private static final long serialVersionUID = 1;

    private static final String PREFIX = "analytics.database.";

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
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

package io.inference.analytics.settings;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * Hands each {@link Setting} to its property as the expression <code>${VARIABLE:default}</code>,
 * so that {@code application.properties} repeats neither names nor defaults. A property that is set
 * in any file, variable or system property takes precedence over the setting's variable.
 */
public class SettingSource implements ConfigSource {

    /** Below {@code application.properties} (250), which sets a few of the properties for the tests' profile. */
    private static final int ORDINAL = 240;

    private static final Map<String, String> EXPRESSIONS = Arrays.stream(Setting.values())
            .collect(Collectors.toUnmodifiableMap(
                    Setting::property, setting -> "${%s:%s}".formatted(setting, setting.byDefault())));

    @Override
    public String getName() {
        return "settings";
    }

    @Override
    public int getOrdinal() {
        return ORDINAL;
    }

    @Override
    public Set<String> getPropertyNames() {
        return EXPRESSIONS.keySet();
    }

    @Override
    public String getValue(String property) {
        return EXPRESSIONS.get(property);
    }
}

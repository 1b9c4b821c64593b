package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EnvironmentInterceptorTest {

    private static SmallRyeConfig config(Map<String, String> settings) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withInterceptors(new EnvironmentInterceptor())
                .withSources(new PropertiesConfigSource(settings, "test", 100))
                .build();
    }

    @Test
    void thePoolsGetTheirPartsOfTheUrl() {
        SmallRyeConfig config = config(Map.of("analytics.database.url", "postgres://ann:p%40ss@db:5433/usage"));
        assertThat(config.getValue("analytics.database.jdbc-url", String.class))
                .startsWith("jdbc:postgresql://db:5433/usage?");
        assertThat(config.getValue("analytics.database.username", String.class)).isEqualTo("ann");
        assertThat(config.getValue("analytics.database.password", String.class)).isEqualTo("p@ss");
    }

    @ParameterizedTest
    @EnumSource
    void blanksAroundTheValueOfASettingAreNoPartOfIt(Setting setting) {
        SmallRyeConfig config =
                config(Map.of(setting.property(), "${" + setting.name() + "}", setting.name(), " value \r\n"));
        assertThat(config.getConfigValue(setting.property()).getValue()).isEqualTo("value");
    }

    @Test
    void aMissingUrlIsNamed() {
        SmallRyeConfig config = config(Map.of());
        assertThatThrownBy(() -> config.getValue("analytics.database.jdbc-url", String.class))
                .hasMessageStartingWith("DATABASE_URL is not set");
    }

    @Test
    void withoutAnEndpointThereAreNoTraces() {
        assertThat(config(Map.of()).getValue("analytics.tracing.disabled", boolean.class))
                .isTrue();
        assertThat(config(Map.of("analytics.tracing.endpoint", " "))
                        .getValue("analytics.tracing.disabled", boolean.class))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://collector:4318, '', http/protobuf",
        "http://collector:4317, '', grpc",
        "http://collector:4317/, '', grpc",
        "http://collector:4317, HTTP/PROTOBUF, http/protobuf",
        "http://collector:9999, grpc, grpc"
    })
    void tracesTravelAsThePortSaysUnlessToldOtherwise(String endpoint, String protocol, String transport) {
        SmallRyeConfig config =
                config(Map.of("analytics.tracing.endpoint", endpoint, "analytics.tracing.protocol", protocol));
        assertThat(config.getValue("analytics.tracing.disabled", boolean.class)).isFalse();
        assertThat(config.getValue("analytics.tracing.transport", String.class)).isEqualTo(transport);
    }

    @ParameterizedTest
    @CsvSource({
        "debug, DEBUG, INFO",
        "Debug, DEBUG, INFO",
        "DEBUG, DEBUG, INFO",
        "info, INFO, INFO",
        "warn, WARN, WARN",
        "ERROR, ERROR, ERROR"
    })
    void debugConcernsOurOwnLinesOnly(String given, String service, String libraries) {
        SmallRyeConfig config = config(Map.of("analytics.logging.level", given));
        assertThat(config.getValue("analytics.logging.service", String.class)).isEqualTo(service);
        assertThat(config.getValue("analytics.logging.libraries", String.class)).isEqualTo(libraries);
    }
}

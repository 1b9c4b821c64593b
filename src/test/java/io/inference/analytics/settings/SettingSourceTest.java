package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SettingSourceTest {

    /** Other sources than the settings' own: the environment (300), and a file of the working directory (260). */
    private static SmallRyeConfig config(Map<String, String> environment, Map<String, String> file) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withInterceptors(new EnvironmentInterceptor())
                .withSources(new SettingSource())
                .withSources(new PropertiesConfigSource(environment, "environment", 300))
                .withSources(new PropertiesConfigSource(file, "file", 260))
                .withProfile("test")
                .build();
    }

    @ParameterizedTest
    @EnumSource
    void theVariableSetsTheProperty(Setting setting) {
        assertThat(config(Map.of(setting.name(), "given"), Map.of())
                        .getConfigValue(setting.property())
                        .getValue())
                .isEqualTo("given");
    }

    @ParameterizedTest
    @EnumSource
    void thePropertyTakesPrecedenceOverTheVariable(Setting setting) {
        assertThat(config(Map.of(setting.name(), "given"), Map.of(setting.property(), "own"))
                        .getConfigValue(setting.property())
                        .getValue())
                .isEqualTo("own");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "INGESTION_BACKLOG_BATCH_SIZE")
    void withoutEitherTheDefaultHolds(Setting setting) {
        assertThat(config(Map.of(), Map.of())
                        .getOptionalValue(setting.property(), String.class)
                        .orElse(""))
                .isEqualTo(setting.byDefault());
    }

    @Test
    void theBatchSizeBoundsBatchesOfABacklogUnlessTheyHaveTheirOwn() {
        String property = Setting.INGESTION_BACKLOG_BATCH_SIZE.property();
        assertThat(config(Map.of(), Map.of()).getValue(property, int.class)).isEqualTo(5_000);
        assertThat(config(Map.of("INGESTION_BATCH_SIZE", "7"), Map.of()).getValue(property, int.class))
                .isEqualTo(7);
        assertThat(config(Map.of("INGESTION_BATCH_SIZE", "7", "INGESTION_BACKLOG_BATCH_SIZE", "9"), Map.of())
                        .getValue(property, int.class))
                .isEqualTo(9);
    }

    @Test
    void anEmptyVariableTurnsASettingOff() {
        assertThat(config(Map.of("S3_ENDPOINT", ""), Map.of()).getOptionalValue("analytics.s3.endpoint", String.class))
                .isEmpty();
        assertThat(config(Map.of("JWT_ISSUER", ""), Map.of())
                        .getOptionalValue("analytics.access.jwt-issuer", String.class))
                .isEmpty();
    }

    @Test
    void aProfileOfTheDeliveredFileTakesPrecedenceOverTheDefault() {
        assertThat(config(Map.of(), Map.of("%test.quarkus.shutdown.delay", "0S"))
                        .getValue("quarkus.shutdown.delay", String.class))
                .isEqualTo("0S");
    }

    @Test
    void aVariableOfTheProfileIsTaken() {
        assertThat(config(Map.of(), Map.of("%test.HTTP_PORT", "1")).getValue("quarkus.http.port", int.class))
                .isEqualTo(1);
    }
}

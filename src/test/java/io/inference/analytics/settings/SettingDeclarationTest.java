package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.SettingsPage;
import io.inference.analytics.devtools.SettingsPage.Property;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A setting is declared in {@link Setting} alone, and is read somewhere. */
class SettingDeclarationTest {

    private static final Path PROPERTIES = Path.of("src/main/resources/application.properties");
    private static final Path DECLARATIONS = Path.of("src/main/java/io/inference/analytics/settings/Setting.java");

    @Test
    void thePropertiesFileRepeatsNoSetting() throws IOException {
        List<String> lines = Files.readAllLines(PROPERTIES, StandardCharsets.UTF_8);
        assertThat(lines)
                .noneMatch(line -> Setting.of(line.replaceFirst("=.*", "")).isPresent())
                .noneMatch(line -> Stream.of(Setting.values()).anyMatch(setting -> line.contains("${" + setting)));
    }

    @Test
    void aMappedSettingHasItsDefaultFromItsDeclaration() throws IOException {
        assertThat(mapped())
                .filteredOn(property -> Setting.of(property.name()).isPresent())
                .isNotEmpty()
                .allMatch(property -> property.byDefault().isEmpty());
    }

    @Test
    void aPropertyThatNothingSetsIsASetting() throws IOException {
        assertThat(mapped())
                .filteredOn(property -> property.byDefault().isEmpty() && !property.mayBeAbsent())
                .isNotEmpty()
                .allMatch(property -> Setting.of(property.name()).isPresent());
    }

    @Test
    void aSettingThatMayBeAbsentHasNoDefaultAndAnyOtherOneHas() throws IOException {
        assertThat(mapped())
                .filteredOn(property -> !property.name().startsWith("analytics.access.jwt-"))
                .flatMap(
                        property -> Setting.of(property.name())
                                .filter(setting -> property.mayBeAbsent()
                                        != setting.byDefault().isEmpty())
                                .stream()
                                .toList())
                .containsExactly(Setting.RABBITMQ_URL);
    }

    @ParameterizedTest
    @EnumSource
    void everySettingIsRead(Setting setting) throws IOException {
        assertThat(setting.property()).matches("(analytics|quarkus)(\\.[a-z0-9-]+)+");
        boolean read = setting.property().startsWith("quarkus.")
                || mapped().stream().anyMatch(property -> property.name().equals(setting.property()))
                || sources()
                        .anyMatch(source -> source.contains("\"" + setting.property() + "\"")
                                || source.contains("Setting." + setting + ")"));
        assertThat(read)
                .as("%s is read through %s", setting, setting.property())
                .isTrue();
    }

    @Test
    void noInjectionPointRepeatsADefault() throws IOException {
        assertThat(sources().toList()).noneMatch(source -> Stream.of(Setting.values())
                .anyMatch(setting -> source.contains("\"" + setting.property() + "\", defaultValue")));
    }

    private static Collection<Property> mapped() throws IOException {
        return SettingsPage.mapped().values();
    }

    private static Stream<String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files
                    .filter(file -> file.toString().endsWith(".java") && !file.equals(DECLARATIONS))
                    .map(SettingDeclarationTest::text)
                    .toList()
                    .stream();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

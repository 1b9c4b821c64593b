package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.settings.Setting;
import io.inference.analytics.testing.LocalDev;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts of {@code local-dev}, as far as they need no server. */
class ScriptsTest {

    private static final List<String> SECRETS =
            List.of("ANTHROPIC_ADMIN_API_KEY", "CURSOR_API_KEY", "OPENAI_ADMIN_API_KEY");

    @TempDir
    private Path state;

    static Stream<Path> scripts() throws IOException {
        return Stream.concat(files("local-dev"), files("local-dev/lib"))
                .filter(path -> Files.isExecutable(path) || path.toString().endsWith(".sh"));
    }

    private static Stream<Path> files(String directory) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(directory))) {
            return files.filter(Files::isRegularFile).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void theShellCanReadIt(Path script) {
        assertThat(bash(Map.of(), "bash -n " + script).exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "backend",
                "bench",
                "env",
                "fuzz",
                "image",
                "licences",
                "publish",
                "reproduce",
                "run",
                "stop",
                "test",
                "token"
            })
    void helpNeedsNoBuildAndNoServer(String script) {
        LocalDev.Result result = bash(Map.of(), "local-dev/" + script + " --help");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).startsWith("Usage: local-dev/" + script).doesNotContain("set -euo", "\n#");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "backend x start",
                "backend redis x",
                "backend redis",
                "bench nothing",
                "bench --events 0",
                "env x",
                "fuzz Nothing",
                "image --x",
                "licences x",
                "run --x",
                "stop x"
            })
    void wrongCommandLineIsUsageError(String command) {
        LocalDev.Result result = bash(Map.of(), "local-dev/" + command);
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
    }

    @Test
    void everySettingIsRecordedButTheKeysOfTheProviders() throws IOException {
        List<String> names = Files.readAllLines(Path.of("local-dev/lib/settings.generated")).stream()
                .map(line -> line.replaceFirst("=.*", ""))
                .toList();
        Map<String, String> given = new HashMap<>();
        names.forEach(name -> given.put(name, "it's " + name));
        LocalDev.Result result = bash(given, "lib; print_settings \"${SETTINGS[@]}\" \"${PASSED_SETTINGS[@]}\"");
        assertThat(names)
                .contains("AUDIT_REQUIRED", "RATE_LIMIT_ORG", "OTEL_EXPORTER_OTLP_PROTOCOL")
                .containsAll(SECRETS);
        assertThat(result.output().lines())
                .containsAll(names.stream()
                        .filter(name -> !SECRETS.contains(name))
                        .map(name -> name + "='it'\\''s " + name + "'")
                        .toList())
                .noneMatch(line -> SECRETS.stream().anyMatch(secret -> line.startsWith(secret + "=")));
    }

    @Test
    void theScriptsNameNoSettingThatTheServiceDoesNotKnow() {
        Set<String> clientsOnly = Set.of("SERVICE_URL", "METRICS_URL");
        assertThat(bash(Map.of(), "lib; printf '%s\n' \"${SETTINGS[@]}\"")
                        .output()
                        .lines())
                .filteredOn(name -> !clientsOnly.contains(name))
                .isNotEmpty()
                .allMatch(name -> Setting.of(name).isPresent());
    }

    @Test
    void theLocalStackHasTheDefaultsOfTheService() {
        assertThat(bash(Map.of(), "lib; setting HTTP_PORT; echo; setting JWT_ISSUER")
                        .output()
                        .lines())
                .containsExactly(Setting.HTTP_PORT.byDefault(), Setting.JWT_ISSUER.byDefault());
    }

    /** A JDK of the distribution would be installed and not be used. */
    @Test
    void aChosenJdkThatIsTooOldIsNamedAndNothingInstalled() throws IOException {
        Path compiler = Files.createDirectories(state.resolve("jdk/bin")).resolve("javac");
        Files.writeString(compiler, "#!/bin/sh\necho javac 11.0.2\n");
        assertThat(compiler.toFile().setExecutable(true)).isTrue();
        LocalDev.Result result = bash(
                Map.of("JAVA_HOME", state.resolve("jdk").toString()),
                "lib; . local-dev/lib/install.sh; (install_missing java) 2>&1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output().strip()).endsWith("JAVA_HOME: JDK 11 (expected: 17 or later; or unset it)");
    }

    @Test
    void settingsOfTheLastStartAreNamed() throws IOException {
        Files.createDirectories(state.resolve("conf"));
        Files.writeString(
                state.resolve("conf/service.settings"),
                """
                HTTP_PORT='8084'
                S3_ENDPOINT='http://fake.example'
                JWT_AUDIENCE='analytics'
                SERVICE_URL='http://localhost:1'
                RATE_LIMIT_ORG='5'
                LOG_LEVEL='DEBUG'
                """);
        assertThat(bash(Map.of("LOG_LEVEL", "INFO"), "lib; kept_settings")
                        .output()
                        .strip())
                .isEqualTo("S3_ENDPOINT RATE_LIMIT_ORG");
    }

    /** Whatever the server offers: a database may have been migrated with another flavour. */
    @Test
    void theFlavourOfADatabaseOfTheCallersOwnIsLeftToTheService() throws IOException {
        Path psql = Files.createDirectories(state.resolve("bin")).resolve("psql");
        Files.writeString(psql, "#!/bin/sh\necho 0\n");
        assertThat(psql.toFile().setExecutable(true)).isTrue();
        String foreign =
                "export PATH=" + psql.getParent() + ":$PATH DATABASE_URL=postgres://a:b@db.example/analytics; ";
        assertThat(bash(Map.of(), foreign + "lib; setting STORAGE_FLAVOUR").output())
                .isEqualTo("auto");
        assertThat(bash(Map.of("STORAGE_FLAVOUR", "citus"), foreign + "lib; setting STORAGE_FLAVOUR")
                        .output())
                .isEqualTo("citus");
    }

    @Test
    void theComposeFileNeedsNoVariableAndNoLuck() throws IOException {
        String compose = Files.readString(Path.of("local-dev/docker-compose.yml"));
        assertThat(compose).doesNotContainPattern("\\$\\{[A-Z0-9_]+}");
        List<String> images = Pattern.compile("^    image: (.*)$", Pattern.MULTILINE)
                .matcher(compose)
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(images).hasSize(6).allMatch(image -> image.matches("[^:]+:v?[0-9]+\\.[0-9]+\\.[0-9]+.*"));
        assertThat(compose.split("\n    healthcheck:\n", -1)).hasSize(images.size() + 1);
    }

    private LocalDev.Result bash(Map<String, String> environment, String commands) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("ANALYTICS_STATE_DIR", state.toString());
        return LocalDev.script(
                all,
                """
                lib() { . local-dev/lib/common.sh; . local-dev/lib/settings.sh; }
                """
                        + commands);
    }
}

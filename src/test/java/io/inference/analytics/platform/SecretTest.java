package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {

    @TempDir
    Path directory;

    @Test
    void whatIsSetItselfComesFirst() throws IOException {
        assertThat(Secret.of("KEY", Optional.of(" set\n"), file("kept"))).contains("set");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n"})
    void blanksCountAsNotSet(String blank) throws IOException {
        assertThat(Secret.of("KEY", Optional.of(blank), file("kept\n"))).contains("kept");
        assertThat(Secret.of("KEY", Optional.of(blank), Optional.of(blank))).isEmpty();
        assertThat(Secret.of("KEY", Optional.empty(), file(blank))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "a\0b", "a\nb"})
    void theFaultNamesTheSetting(String path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Secret.of("KEY", Optional.empty(), Optional.of(path)))
                .withMessage("KEY_FILE: cannot be read (expected: the path of a text file that this user may read)")
                .withNoCause();
    }

    private Optional<String> file(String text) throws IOException {
        return Optional.of(Files.writeString(directory.resolve("secret"), text).toString());
    }
}

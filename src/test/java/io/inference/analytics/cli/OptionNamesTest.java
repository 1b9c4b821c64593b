package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rooms name fields; only the command line names options, so that every other caller reads what it wrote itself. */
class OptionNamesTest {

    private static final Path SOURCES = Path.of("src/main/java/io/inference/analytics");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z]");

    @Test
    void noOtherRoomNamesAnOption() throws IOException {
        List<String> faults = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !path.startsWith(SOURCES.resolve("cli")))
                    .toList()) {
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (OPTION.matcher(lines.get(i)).find()) {
                        faults.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
                    }
                }
            }
        }
        assertThat(faults).isEmpty();
    }
}

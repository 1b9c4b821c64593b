package io.inference.analytics.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The two groups of integration tests that {@code local-dev/test} runs at the same time. The second takes what one file lists,
 * and the first leaves out what the same file lists, so that each test is in exactly one.
 */
class TestGroupsTest {

    private static final Path SECOND = Path.of("src/test/second-group.txt");

    @Test
    void everyLineNamesATest() throws IOException {
        assertThat(lines())
                .isNotEmpty()
                .allSatisfy(line -> assertThat(matching(line)).as(line).isNotEmpty());
    }

    @Test
    void bothGroupsReadTheSameFile() throws IOException {
        assertThat(Files.readString(Path.of("local-dev/test")))
                .contains(
                        SECOND.toString(),
                        "-Dfailsafe.excludesFile=$SECOND_GROUP",
                        "-Dfailsafe.includesFile=$SECOND_GROUP");
    }

    /** The application of such a test would be built twice. */
    @Test
    void theSecondGroupBuildsNoApplication() throws IOException {
        for (String line : lines()) {
            assertThat(matching(line)).noneMatch(file -> read(file).contains("@QuarkusTest"));
        }
    }

    private static List<String> lines() throws IOException {
        return Files.readAllLines(SECOND).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }

    private static List<Path> matching(String line) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(FileSystems.getDefault().getPathMatcher("glob:" + line)::matches)
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

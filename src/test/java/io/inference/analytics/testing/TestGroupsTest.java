package io.inference.analytics.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The groups of integration tests that {@code local-dev/test} runs at the same time. The second and the third take what a file each
 * lists, and the first leaves out what these files list, so that each test is in exactly one.
 */
class TestGroupsTest {

    private static final List<Path> FILES =
            List.of(Path.of("src/test/second-group.txt"), Path.of("src/test/third-group.txt"));

    @Test
    void everyLineNamesATestAndEachTestIsInOneGroup() throws IOException {
        for (Path file : FILES) {
            assertThat(lines(file)).isNotEmpty();
        }
        List<Path> named = new ArrayList<>();
        for (String line : lines()) {
            assertThat(matching(line)).as(line).isNotEmpty();
            named.addAll(matching(line));
        }
        assertThat(named).doesNotHaveDuplicates();
    }

    @Test
    void allGroupsReadTheSameFiles() throws IOException {
        assertThat(Files.readString(Path.of("local-dev/test")))
                .contains(
                        "OTHER_GROUPS=(second third)",
                        "cat \"$REPO_DIR\"/src/test/*-group.txt >\"$REPO_DIR/target/other-groups.txt\"",
                        "-Dfailsafe.excludesFile=$REPO_DIR/target/other-groups.txt",
                        "-Dfailsafe.includesFile=$REPO_DIR/src/test/$name-group.txt");
        try (Stream<Path> files = Files.list(Path.of("src/test"))) {
            assertThat(files.filter(file -> file.toString().endsWith("-group.txt")))
                    .containsExactlyInAnyOrderElementsOf(FILES);
        }
    }

    /** The application of such a test would be built twice. */
    @Test
    void onlyTheFirstGroupBuildsAnApplication() throws IOException {
        for (String line : lines()) {
            assertThat(matching(line)).noneMatch(file -> read(file).contains("@QuarkusTest"));
        }
    }

    private static List<String> lines() throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path file : FILES) {
            lines.addAll(lines(file));
        }
        return lines;
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(file).stream()
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

package io.inference.analytics.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConsoleFilesTest {

    private static final Path SOURCES = Path.of("src/main/resources/console");

    /** 1.5 MiB. */
    private static final int COMPRESSED_BYTES_MAX = 1_572_864;

    private static final Pattern VERSION = Pattern.compile("\"([0-9a-f]{16})/");
    private static final Pattern MODULE = Pattern.compile("(?:from |import |import\\()'([^']+)'");
    private static final Pattern ELSEWHERE = Pattern.compile("(?:https?:)?//[a-z0-9][a-z0-9.-]*\\.[a-z]+");

    private final ConsoleFiles files = new ConsoleFiles(Optional.empty());
    private final String page = new String(files.page().plain(), StandardCharsets.UTF_8);
    private final String version = VERSION.matcher(page)
            .results()
            .map(found -> found.group(1))
            .findFirst()
            .orElseThrow();

    private static List<Path> sources() throws IOException {
        try (Stream<Path> found = Files.list(SOURCES)) {
            return found.toList();
        }
    }

    @Test
    void everyFileOfTheDirectoryIsServed() throws IOException {
        assertThat(sources()).extracting(file -> file.getFileName().toString()).hasSameElementsAs(ConsoleFiles.NAMES);
    }

    @Test
    void thePageNamesItsFilesByTheirVersionOnly() {
        assertThat(page).doesNotContain("{version}", "{sign-in}", "data-local");
        assertThat(new String(files.localPage().plain(), StandardCharsets.UTF_8))
                .isEqualTo(page.replace("name=\"sign-in\" >", "name=\"sign-in\"  data-local>"));
        assertThat(Pattern.compile("(?:src|href)=\"([^\"]+)\"").matcher(page).results())
                .isNotEmpty()
                .extracting(found -> found.group(1))
                .allSatisfy(address -> assertThat(files.find(version, address.substring(version.length() + 1)))
                        .isPresent());
        assertThat(files.find("0123456789abcdef", "main.js")).isEmpty();
    }

    @Test
    void modulesImportOnlyWhatIsServedWithThem() throws IOException {
        for (Path source : sources()) {
            assertThat(MODULE.matcher(Files.readString(source)).results().map(found -> found.group(1)))
                    .as(source.toString())
                    .allSatisfy(name -> assertThat(files.find(version, name.replaceFirst("^\\./", "")))
                            .isPresent());
        }
    }

    @Test
    void nothingIsLoadedFromAnotherHost() throws IOException {
        for (Path source : sources()) {
            assertThat(ELSEWHERE.matcher(Files.readString(source)).results().map(MatchResult::group))
                    .as(source.toString())
                    .allMatch(address -> address.equals("http://www.w3.org") && source.endsWith("icon.svg"));
        }
    }

    @Test
    void allOfItStaysSmall() {
        int bytes = Stream.of(ConsoleFiles.NAMES, ConsoleFiles.LIBRARIES)
                .flatMap(List::stream)
                .filter(name -> !name.equals(ConsoleFiles.PAGE))
                .mapToInt(name -> files.find(version, name).orElseThrow().gzipped().length)
                .sum();
        assertThat(bytes + files.page().gzipped().length).isLessThan(COMPRESSED_BYTES_MAX);
    }
}

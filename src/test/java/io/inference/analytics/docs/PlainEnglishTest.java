package io.inference.analytics.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds every text that people read to the word list, and the prose of the pages to its width. */
class PlainEnglishTest {

    private static final List<Path> READ = paths(
            "README.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
            "llms.txt",
            "pom.xml",
            ".ci",
            ".github",
            "dashboards",
            "db",
            "docs",
            "gitops",
            "local-dev",
            "src/main");

    /** Written by tools, or of this machine only; or migrations that databases have run, which are never edited. */
    private static final List<Path> NOT_OURS = paths(
            "local-dev/.state",
            "db/migrations/common/V1__schema.sql",
            "db/migrations/common/V3__exports.sql",
            "db/migrations/common/V4__access.sql",
            "db/migrations/common/V5__histogram_views.sql",
            "db/migrations/common/V6__providers.sql",
            "db/migrations/common/V7__prices.sql",
            "db/migrations/common/V8__bills_of_orgs.sql",
            "db/migrations/common/V9__cursor_invoices_and_reports.sql",
            "db/migrations/postgres/V2__usage.sql",
            "db/migrations/timescale/V2__usage.sql");

    private static final Set<String> TEXT =
            Set.of("md", "txt", "java", "sql", "properties", "yaml", "yml", "json", "tmpl", "sh", "xml", "");

    private static final int WIDTH = 100;
    private static final Pattern LINK_TARGET = Pattern.compile("\\]\\([^)]*\\)|https?://\\S+");

    private static List<Path> paths(String... names) {
        return Stream.of(names).map(Path::of).toList();
    }

    @Test
    void everyTextIsPlainEnglish() throws IOException {
        List<String> faults = new ArrayList<>();
        for (Path file : files(READ)) {
            PlainEnglish.faults(text(file)).forEach(fault -> faults.add(file + ":" + fault));
        }
        assertThat(faults).isEmpty();
    }

    @Test
    void proseIsWrapped() throws IOException {
        List<String> tooWide = new ArrayList<>();
        for (Path file : files(paths("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs"))) {
            if (file.toString().endsWith(".md")) {
                tooWide.addAll(tooWide(file));
            }
        }
        assertThat(tooWide).isEmpty();
    }

    /** Tables, code blocks and what a tool measured have no width; a link has that of its text. */
    private static List<String> tooWide(Path file) throws IOException {
        List<String> found = new ArrayList<>();
        boolean prose = true;
        int number = 0;
        for (String line : text(file).lines().toList()) {
            number++;
            if (line.strip().startsWith("```")) {
                prose = !prose;
            } else if (line.startsWith("<!-- measured")) {
                prose = line.contains("end");
            } else if (prose
                    && !line.strip().startsWith("|")
                    && LINK_TARGET.matcher(line).replaceAll("]").length() > WIDTH) {
                found.add(file + ":" + number + ": " + line.length() + " columns (expected: at most " + WIDTH + ")");
            }
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A role that can not change it.",
                "a lock that can\n    -- not be had",
                "The days are computed anew.",
                "It is not read any more.",
                "Nobody reads it.",
                "Nobody's rows have no ratio.",
                "whoever asks",
                "Beside each file lies a manifest.",
                "besides the clock",
                "The gauge tells it.",
                "as it was told",
                "a dearer model",
                "the decision at the door",
                "It is no law.",
                "tests are\n * no hang",
                "200 a second",
                "One row a committed batch, one row a group",
                "19 µs an event"
            })
    void whatIsAvoidedIsFound(String text) {
        assertThat(PlainEnglish.faults(text)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "It cannot be read; there is no row.",
                "There is no longer a row, and it is no more than one.",
                "Tell the owner, and say which one it was.",
                "Once an hour, twice a day.",
                "the events a day before, the rows a week ago",
                "200 requests per second, one row per group",
                "canNotBeRead, isNoMoney"
            })
    void goodEnglishIsNot(String text) {
        assertThat(PlainEnglish.faults(text)).isEmpty();
    }

    private static List<Path> files(List<Path> roots) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path root : roots) {
            try (Stream<Path> walk = Files.walk(root)) {
                walk.filter(Files::isRegularFile)
                        .filter(file -> TEXT.contains(ending(file)))
                        .filter(file -> NOT_OURS.stream().noneMatch(file::startsWith))
                        .sorted()
                        .forEach(files::add);
            }
        }
        assertThat(files).isNotEmpty();
        return files;
    }

    private static String ending(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}

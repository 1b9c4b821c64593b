package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AdvisoryLockTest {

    private static final Pattern TAKEN = Pattern.compile("pg_\\w*advisory\\w*\\s*\\((.{0,60})", Pattern.DOTALL);
    private static final Pattern REGISTERED =
            Pattern.compile("\"\\s*\\+\\s*AdvisoryLock\\.[A-Z_]+\\.key\\(\\).*", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("'(analytics\\.[a-z_]+)");

    @Test
    void noTwoLocksShareAKey() throws IOException {
        assertThat(AdvisoryLock.values()).extracting(AdvisoryLock::key).doesNotHaveDuplicates();
        Matcher lane = Pattern.compile("ingest_lane\\(\\) returns bigint\\s.*select (\\d+) ")
                .matcher(Files.readString(Path.of("db/migrations/common/V1__schema.sql")));
        assertThat(lane.find()).isTrue();
        assertThat(AdvisoryLock.values()).extracting(AdvisoryLock::key).doesNotContain(lane.group(1));
    }

    @Test
    void theCodeTakesOnlyTheseLocks() throws IOException {
        for (Path file : files("src/main/java", ".java")) {
            Matcher taken = TAKEN.matcher(Files.readString(file));
            while (taken.find()) {
                assertThat(taken.group(1)).as(file.toString()).matches(REGISTERED);
            }
        }
    }

    @Test
    void theMigrationsTakeTheirShareOfTwoLocksAndLocksWithNamesOfTheirOwn() throws IOException {
        List<String> ours = Stream.of(AdvisoryLock.values())
                .map(lock -> NAME.matcher(lock.key()))
                .filter(Matcher::find)
                .map(name -> name.group(1))
                .toList();
        for (Path file : files("db/migrations", ".sql")) {
            Matcher taken = TAKEN.matcher(Files.readString(file));
            while (taken.find()) {
                Matcher name = NAME.matcher(taken.group(1));
                assertThat(taken.group(1).startsWith(AdvisoryLock.INGEST_LANE.key())
                                || taken.group(1).startsWith(AdvisoryLock.PAST_EVENTS.key())
                                || name.find() && !ours.contains(name.group(1)))
                        .as("%s: %s", file, taken.group(1))
                        .isTrue();
            }
        }
    }

    private static List<Path> files(String directory, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(directory))) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(ending)).toList();
            assertThat(found).isNotEmpty();
            return found;
        }
    }
}

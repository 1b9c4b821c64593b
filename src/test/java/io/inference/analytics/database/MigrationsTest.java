package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Databases keep the checksum of each migration that they have run, and refuse to start with another one: a migration is never
 * edited, not even in a comment. A new one gets the next number of all folders, and a line in {@code migrations.sha256}.
 */
class MigrationsTest {

    private static final Path FOLDER = Path.of("db", "migrations");
    private static final Path STORED = Path.of("src", "test", "resources", "migrations.sha256");

    @Test
    void noMigrationIsEdited() throws IOException {
        Map<String, String> stored = Files.readAllLines(STORED, StandardCharsets.UTF_8).stream()
                .map(line -> line.split(" ", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        Map<String, String> found = new TreeMap<>();
        for (Path file : migrations()) {
            found.put(FOLDER.relativize(file).toString(), sha256(Files.readAllBytes(file)));
        }
        assertThat(found)
                .as("with a line of `sha256sum` for each new file in " + STORED)
                .containsExactlyInAnyOrderEntriesOf(stored);
    }

    /** Flavours share one history, so two files of one number belong to two flavours and never to one database. */
    @Test
    void aNumberIsTakenOnceInEachFlavour() throws IOException {
        for (StorageFlavour flavour : StorageFlavour.values()) {
            Set<String> folders = new TreeSet<>(flavour.migrations());
            folders.add("common");
            assertThat(migrations().stream()
                            .filter(file -> folders.contains(
                                    file.getParent().getFileName().toString()))
                            .map(file -> file.getFileName().toString().replaceFirst("__.*", "")))
                    .as(flavour.wireName())
                    .doesNotHaveDuplicates();
        }
    }

    private static List<Path> migrations() throws IOException {
        try (Stream<Path> walk = Files.walk(FOLDER)) {
            return walk.filter(file -> file.toString().endsWith(".sql"))
                    .sorted()
                    .toList();
        }
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

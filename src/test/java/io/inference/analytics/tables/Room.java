package io.inference.analytics.tables;

import io.inference.analytics.testing.SourceFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A package: the SQL in its sources, and the line of its package-info that names its tables. */
final class Room {

    private static final Path ROOMS = Path.of("src", "main", "java", "io", "inference", "analytics");
    private static final Pattern LINE = Pattern.compile("<p>(Tables: .*?\\.)(?= <p>| \\*/)");
    private static final Pattern OWNED = Pattern.compile("owns ([^;.]*)");

    private final String name;
    private final String line;
    private final List<JavaSource> sources;

    private Room(Path folder) {
        name = folder.getFileName().toString();
        Matcher found = LINE.matcher(prose(folder.resolve("package-info.java")));
        line = found.find() ? found.group(1) : "";
        sources =
                SourceFiles.below(folder, ".java").stream().map(JavaSource::of).toList();
    }

    static List<Room> all() {
        return SourceFiles.below(ROOMS, "package-info.java").stream()
                .map(Path::getParent)
                .filter(folder -> !folder.equals(ROOMS))
                .map(Room::new)
                .toList();
    }

    private static String prose(Path packageInfo) {
        return SourceFiles.text(packageInfo).replaceAll("\\s+(\\*(?!/))?\\s*", " ");
    }

    /** The sentence of the package-info that begins with Tables; empty where it has none. */
    String line() {
        return line;
    }

    List<JavaSource> sources() {
        return sources;
    }

    /** What the line says that the room owns. */
    Set<String> owned() {
        Matcher owns = OWNED.matcher(line);
        return owns.find() ? new TreeSet<>(List.of(owns.group(1).split(", "))) : Set.of();
    }

    @Override
    public String toString() {
        return name;
    }
}

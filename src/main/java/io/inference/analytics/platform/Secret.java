package io.inference.analytics.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** A secret that is set itself (NAME) or as the path of a file that holds it (NAME_FILE). */
public final class Secret {

    private Secret() {}

    /**
     * The secret without the blanks around it. What is set itself comes first; blanks count as not set.
     *
     * @param name of the setting, for the text of a fault
     * @throws IllegalArgumentException when the file cannot be read. Its text does not show the path: people paste the secret itself
     *     there
     */
    public static Optional<String> of(String name, Optional<String> value, Optional<String> file) {
        Optional<String> set = word(value);
        return set.isPresent() ? set : word(word(file).map(path -> read(name, path)));
    }

    private static String read(String name, String path) {
        try {
            return Files.readString(Path.of(path), StandardCharsets.UTF_8);
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    name + "_FILE: cannot be read (expected: the path of a text file that this user may read)");
        }
    }

    private static Optional<String> word(Optional<String> text) {
        return text.map(String::strip).filter(word -> !word.isEmpty());
    }
}

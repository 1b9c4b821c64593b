package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Uuids;
import java.util.UUID;
import picocli.CommandLine.Option;

/** An id and its name. */
final class CatalogEntry {

    private static final int NAME_CHARACTERS_MAX = 200;

    @Option(names = "--id", required = true, paramLabel = "UUID", description = "The id, as in the events.")
    private String id;

    @Option(names = "--name", required = true, paramLabel = "NAME", description = "The name, up to 200 characters.")
    private String name;

    UUID id() {
        return Uuids.parse(id)
                .orElseThrow(() -> new Failure.Invalid("--id", "--id: %s (expected: a UUID)".formatted(id)));
    }

    String name() {
        return name.strip();
    }

    void validate() {
        id();
        boolean controls = name.chars().anyMatch(Character::isISOControl);
        if (name().isEmpty() || name().length() > NAME_CHARACTERS_MAX || controls) {
            throw new Failure.Invalid(
                    "--name",
                    "--name: %d characters (expected: 1 to %d, no control characters)"
                            .formatted(name().length(), NAME_CHARACTERS_MAX));
        }
    }
}

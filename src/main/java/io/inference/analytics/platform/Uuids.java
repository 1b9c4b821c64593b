package io.inference.analytics.platform;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** UUIDs as people write them. {@link UUID#fromString} also takes {@code 1-1-1-1-1}, which would make two names of one thing. */
public final class Uuids {

    private static final Pattern CANONICAL = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private Uuids() {}

    public static Optional<UUID> parse(String text) {
        return text != null && CANONICAL.matcher(text).matches()
                ? Optional.of(UUID.fromString(text))
                : Optional.empty();
    }
}

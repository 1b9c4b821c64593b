package io.inference.analytics.attribution;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a cost was spent with. */
public enum Tool {
    CLAUDE_CODE,
    CLAUDE_API,
    CLAUDE_AI,
    CURSOR;

    /** As in the tables. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@code claude.ai} is understood too. */
    public static Optional<Tool> of(String name) {
        return Arrays.stream(values())
                .filter(platform -> platform.wireName()
                        .equals(name.strip().toLowerCase(Locale.ROOT).replace('.', '_')))
                .findFirst();
    }
}

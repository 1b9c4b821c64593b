package io.inference.analytics.attribution;

import io.inference.analytics.platform.WireNamed;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The product that a cost was spent on; tables and files call it the platform. */
public enum Tool implements WireNamed {
    CLAUDE_CODE,
    CLAUDE_API,
    CLAUDE_AI,
    CURSOR,
    OPENAI_API;

    /** As in the tables. */
    @Override
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether mappings decide between it and others; every cost of another provider has one tool. */
    boolean isOfAnthropic() {
        return this != CURSOR && this != OPENAI_API;
    }

    /** Accepts {@code claude.ai} as well. */
    public static Optional<Tool> of(String name) {
        String wireName = name.strip().toLowerCase(Locale.ROOT).replace('.', '_');
        return Arrays.stream(values())
                .filter(tool -> tool.wireName().equals(wireName))
                .findFirst();
    }
}

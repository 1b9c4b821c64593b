package io.inference.analytics.export;

import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** A provider whose bills have owners among the organisations, with its names in a file. */
enum FocusIssuer implements WireNamed {
    ANTHROPIC("Anthropic", "Claude API"),
    OPENAI("OpenAI", "OpenAI API");

    private final String title;
    private final String service;

    FocusIssuer(String title, String service) {
        this.title = title;
        this.service = service;
    }

    /** As its invoices name it. */
    String title() {
        return title;
    }

    /** What it sells. */
    String service() {
        return service;
    }

    /** As in the tables. */
    @Override
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static FocusIssuer of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}

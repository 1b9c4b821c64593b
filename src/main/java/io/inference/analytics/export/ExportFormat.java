package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** The columns of a file. */
public enum ExportFormat implements WireNamed {
    /** The columns of this service. */
    CSV,
    /** FinOps FOCUS 1.2. */
    FOCUS;

    @Override
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ExportFormat of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}

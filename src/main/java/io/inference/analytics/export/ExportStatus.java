package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import java.util.Locale;

/** The state of a job. Work changes only pending and running jobs; a succeeded job expires. */
public enum ExportStatus implements WireNamed {
    PENDING,
    RUNNING,
    SUCCEEDED,
    FAILED,
    CANCELLED,
    EXPIRED;

    @Override
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ExportStatus of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}

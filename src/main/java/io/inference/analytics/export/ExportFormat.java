package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import java.util.Arrays;
import java.util.Optional;

/** The columns of a file. */
public enum ExportFormat implements WireNamed {
    /** The columns of this service. */
    CSV("csv", null),
    /** The newest version of FOCUS that this service writes. */
    FOCUS("focus", FocusVersion.V1_4),
    FOCUS_1_4("focus-1.4", FocusVersion.V1_4),
    FOCUS_1_2("focus-1.2", FocusVersion.V1_2),
    /** Usage at estimated cost in columns of FOCUS: not a bill. */
    FOCUS_ESTIMATE("focus-estimate", null);

    private final String wireName;
    private final FocusVersion charges;

    ExportFormat(String wireName, FocusVersion charges) {
        this.wireName = wireName;
        this.charges = charges;
    }

    @Override
    @JsonValue
    public String wireName() {
        return wireName;
    }

    /** The version of FOCUS of a file that has billed charges; empty for files of usage. */
    Optional<FocusVersion> charges() {
        return Optional.ofNullable(charges);
    }

    static ExportFormat of(String wireName) {
        return Arrays.stream(values())
                .filter(format -> format.wireName.equals(wireName))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(wireName));
    }
}

package io.inference.analytics.export;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import io.inference.analytics.series.Granularity;
import java.util.Locale;

/** The length of a file's buckets: the words of exports for the granularities of usage. */
public enum ExportGranularity implements WireNamed {
    HOURLY(Granularity.HOUR),
    DAILY(Granularity.DAY),
    MONTHLY(Granularity.MONTH);

    private final Granularity granularity;

    ExportGranularity(Granularity granularity) {
        this.granularity = granularity;
    }

    Granularity granularity() {
        return granularity;
    }

    @Override
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ExportGranularity of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
}

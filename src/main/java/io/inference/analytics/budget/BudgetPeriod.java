package io.inference.analytics.budget;

import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.platform.WireNamed;
import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;

/** How long a budget lasts before it begins again: a calendar unit of its time zone. Weeks begin on Monday. */
public enum BudgetPeriod implements WireNamed {
    DAY(Granularity.DAY),
    WEEK(Granularity.WEEK),
    MONTH(Granularity.MONTH);

    private final Granularity granularity;

    BudgetPeriod(Granularity granularity) {
        this.granularity = granularity;
    }

    @Override
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The name of the one that is still running, as the forecast endpoint has it. */
    String runningName() {
        return this == DAY ? "today" : wireName() + "-to-date";
    }

    static BudgetPeriod of(String wireName) {
        return valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    /** The period that {@code time} lies in. */
    TimeRange at(Instant time, ZoneId zone) {
        Buckets one = Buckets.of(new TimeRange(time, time.plusMillis(1)), granularity, zone);
        return new TimeRange(one.starts().get(0), one.end());
    }
}

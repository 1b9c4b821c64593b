package io.inference.analytics.platform;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;

/** How long stored data is kept; older data may vanish at any moment. */
@ConfigMapping(prefix = "analytics.retention")
public interface Retention {

    /** How long hourly and daily rollups are kept, as an ISO 8601 period. */
    @WithDefault("P13M")
    Period rollups();

    /** How long raw events are kept, as an ISO 8601 period; an older event is no longer stored. */
    @WithDefault("P400D")
    Period raw();

    /**
     * The first whole UTC day whose data is certain to be there still. Moves once a day, so that entity tags last.
     *
     * @param kept how long the data is kept
     */
    static Instant availableFrom(Instant now, Period kept) {
        ZonedDateTime oldest = now.atZone(ZoneOffset.UTC).minus(kept);
        ZonedDateTime day = oldest.truncatedTo(ChronoUnit.DAYS);
        return (day.equals(oldest) ? day : day.plusDays(1)).toInstant();
    }
}

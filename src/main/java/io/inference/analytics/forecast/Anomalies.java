package io.inference.analytics.forecast;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.inference.analytics.forecast.AnomalyRule.Departure;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.usage.Costliest.Part;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of unusual cost.
 *
 * @param anomalies the latest first, at one time the largest first
 */
@Schema(name = "Anomalies")
public record Anomalies(
        UUID orgId,
        Granularity granularity,
        @Schema(description = "IANA name of the zone whose days are meant") String timeZone,
        @Schema(
                        description =
                                "Start of the range used: the one asked for, snapped outward to a whole UTC hour, but never"
                                        + " past a midnight of the zone")
                Instant start,
        @Schema(description = "End of the range used, exclusive, snapped likewise") Instant end,
        @Schema(description = "A smaller departure counts as usual") Cost minimum,
        @Schema(description = "How many of the whole days or hours of the range could be compared") Judged judged,
        @Schema(
                        nullable = true,
                        description = "Start of the first day or hour that was compared; null when judged is none")
                Instant judgedFrom,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(description = "Why not all were compared; absent when judged is all")
                String reason,
        List<Anomaly> anomalies,
        @Schema(description = "Whether there are more, which the list of 100 leaves out") boolean more,
        FreshnessView.Summary freshness) {

    static final int LIST_MAX = 100;

    /** What an unusual cost is of. */
    @Schema(name = "AnomalyBy")
    public enum By {
        ORG,
        MODEL,
        CLIENT,
        USER;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How much of a range had enough weeks before it to be compared with. */
    @Schema(name = "AnomaliesJudged")
    public enum Judged {
        ALL,
        PART,
        NONE;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** To which side it departs. */
    @Schema(name = "AnomalyDirection")
    public enum Direction {
        HIGHER,
        LOWER;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Direction of(Departure departure) {
            return departure.isHigher() ? HIGHER : LOWER;
        }
    }

    /** One day or hour of the organisation, a model, a client or a user. */
    @Schema(name = "Anomaly")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Anomaly(
            Instant bucketStart,
            @Schema(description = "True when the bucket is still running; else absent") Boolean partial,
            By by,
            @Schema(
                            description =
                                    "Id of the model, the client or the user as the organisation shows it; absent for the"
                                            + " organisation, empty for events without a client")
                    String key,
            @Schema(description = "What people call the model or the user; absent when there is no name") String name,
            Direction direction,
            Cost cost,
            @Schema(description = "Median of the same place in the week, of up to 8 weeks before") Cost expected,
            @Schema(description = "cost - expected") Cost difference,
            @Schema(
                            description =
                                    "Of the organisation's: models, clients and users that moved most in the same direction, at"
                                            + " most 3 each; else absent")
                    List<Contributor> contributors) {

        static Anomaly of(
                Instant bucketStart,
                boolean running,
                By by,
                Part part,
                Cost cost,
                Departure departure,
                List<Contributor> contributors) {
            return new Anomaly(
                    bucketStart,
                    running ? true : null,
                    by,
                    part == null ? null : part.key(),
                    part == null ? null : part.name().orElse(null),
                    Direction.of(departure),
                    cost,
                    Cost.ofCents(departure.expected()),
                    Cost.ofCents(departure.difference()),
                    contributors);
        }
    }

    /** A model, client or user that an unusual cost of the organisation comes from. */
    @Schema(name = "AnomalyContributor")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Contributor(By by, String key, String name, Cost cost, Cost expected, Cost difference) {

        static Contributor of(By by, Part part, Cost cost, Departure departure) {
            return new Contributor(
                    by,
                    part.key(),
                    part.name().orElse(null),
                    cost,
                    Cost.ofCents(departure.expected()),
                    Cost.ofCents(departure.difference()));
        }
    }
}

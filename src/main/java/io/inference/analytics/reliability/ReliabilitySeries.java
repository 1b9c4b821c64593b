package io.inference.analytics.reliability;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.usage.GroupNames;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of reliability.
 *
 * @param orgId the organisation
 * @param granularity length of a bucket
 * @param start start of the range used: the one asked for, with its edge snapped
 * @param end end of the range used, exclusive, snapped likewise
 * @param timeZone whose days and months
 * @param series the points, by bucket and then by group; buckets without invocations are left out
 * @param totals the whole range: its percentiles are those of all its events
 * @param availableFrom how far back data is kept
 * @param freshness how fresh the figures are
 */
@Schema(name = "Reliability")
public record ReliabilitySeries(
        UUID orgId,
        Granularity granularity,
        Instant start,
        Instant end,
        String timeZone,
        List<Point> series,
        Figures totals,
        Instant availableFrom,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(required = true) FreshnessView.Summary freshness) {

    /**
     * A bucket, or one group's part of it.
     *
     * @param bucketStart the bucket's own start, which can lie before the start of the range
     * @param modelId only when grouped by model
     * @param modelName what people call the model; absent when there is no name
     * @param clientId only when grouped by client; present but empty for events without a client
     * @param userId only when grouped by user; present but empty for events without a user
     * @param userName what people call the user; absent when there is no name
     * @param figures the figures
     * @param spike true when the bucket is much worse than the hour before it, else absent
     * @param spikeCauses what is much worse, else absent
     * @param partial true when the range cuts the bucket or it is still running, else absent
     */
    @Schema(name = "ReliabilityPoint")
    public record Point(
            @Schema(description = "Start of the bucket; can lie before the start of the range") Instant bucketStart,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "Only when grouped by model") UUID modelId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "What people call the model; absent when there is no name")
                    String modelName,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(nullable = true, description = "Only when grouped by client; null for events without one")
                    Optional<String> clientId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(nullable = true, description = "Only when grouped by user; null for events without one")
                    Optional<UUID> userId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "What people call the user; absent when there is no name")
                    String userName,
            @JsonUnwrapped Figures figures,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(
                            description =
                                    "True when the error rate is at least 3 times, or p95 at least twice that of the hour"
                                            + " before the bucket, both with enough traffic; else absent")
                    Boolean spike,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "errorRate, p95 or both; absent when there is no spike")
                    List<SpikeRule.Cause> spikeCauses,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "True when the range cuts the bucket, or it is still running; else absent")
                    Boolean partial) {}

    /** The figures of a point or of the whole range. */
    @Schema(name = "ReliabilityFigures")
    public record Figures(
            @Schema(description = "How many invocations ended") long invocations,
            @Schema(description = "Those of them that did not end in success") long errors,
            @Schema(description = "errors / invocations, not rounded; 0 when there are no invocations")
                    double errorRate,
            @Schema(description = "error, timeout and throttled, each with its count") Map<String, Long> errorsByStatus,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "Absent when there are no invocations")
                    Percentiles latencyMs,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "Of the invocations that reported it; absent when none did")
                    Percentiles timeToFirstTokenMs,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "The latency percentile requested; absent when none was")
                    Highlighted highlighted) {

        static Figures of(Stats stats, Optional<Percentile> highlighted) {
            return new Figures(
                    stats.invocations(),
                    stats.errors(),
                    stats.errorRate(),
                    stats.errorsByStatus(),
                    stats.latencyMs().orElse(null),
                    stats.timeToFirstTokenMs().orElse(null),
                    highlighted
                            .flatMap(percentile ->
                                    stats.latencyMs().map(values -> new Highlighted(percentile, percentile.of(values))))
                            .orElse(null));
        }
    }

    /** One latency percentile, chosen by the caller. */
    @Schema(name = "HighlightedPercentile")
    public record Highlighted(Percentile percentile, @Schema(description = "Milliseconds") double valueMs) {}

    /** The wire form of what a query found. */
    static ReliabilitySeries of(
            UUID org, ReliabilityQuery query, ReliabilityStore.Found found, GroupNames names, Instant availableFrom) {
        return new ReliabilitySeries(
                org,
                query.scope().granularity(),
                query.scope().range().start(),
                query.scope().range().end(),
                query.scope().zoneName(),
                found.points().stream()
                        .filter(row -> !query.spikesOnly() || !row.spikes().isEmpty())
                        .map(row -> point(query, row, names))
                        .toList(),
                Figures.of(found.totals(), query.highlighted()),
                availableFrom,
                null);
    }

    private static Point point(ReliabilityQuery query, ReliabilityRow row, GroupNames names) {
        return new Point(
                query.scope().buckets().starts().get(row.bucket()),
                row.group().model().orElse(null),
                names.model(row.group()).orElse(null),
                row.group().client().isEmpty() ? null : row.group().client().filter(client -> !client.isEmpty()),
                row.group().user().isEmpty() ? null : row.group().userId(),
                names.user(row.group()).orElse(null),
                Figures.of(row.stats(), query.highlighted()),
                row.spikes().isEmpty() ? null : true,
                row.spikes().isEmpty() ? null : List.copyOf(row.spikes()),
                query.scope().partial(row.bucket()) ? true : null);
    }

    ReliabilitySeries with(FreshnessView.Summary summary) {
        return new ReliabilitySeries(orgId, granularity, start, end, timeZone, series, totals, availableFrom, summary);
    }
}

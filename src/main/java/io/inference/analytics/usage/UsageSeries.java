package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesGroup;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of usage.
 *
 * @param orgId the organisation
 * @param granularity length of a bucket
 * @param start start of the range used: the one asked for, with its edge snapped
 * @param end end of the range used, exclusive, snapped likewise
 * @param timeZone whose days and months
 * @param series the points, by bucket and then by group
 * @param totals sums of the exact values of all points
 * @param availableFrom how far back data is kept
 * @param freshness how fresh the figures are
 */
@Schema(name = "Usage")
public record UsageSeries(
        UUID orgId,
        Granularity granularity,
        Instant start,
        Instant end,
        String timeZone,
        List<Point> series,
        Sums totals,
        Instant availableFrom,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(required = true) FreshnessView.Summary freshness) {

    /**
     * A bucket, or one group's part of it.
     *
     * @param bucketStart the bucket's own start, which can lie before the start of the range
     * @param orgId only when grouped by organisation, which needs figures of all of them
     * @param orgName what people call the organisation; absent when there is no name
     * @param modelId only when grouped by model
     * @param modelName what people call the model; absent when there is no name
     * @param clientId only when grouped by client; present but empty for events without a client
     * @param userId only when grouped by user; present but empty for events without a user
     * @param userName what people call the user; absent when there is no name
     * @param status only when grouped by status
     * @param sums the figures
     * @param partial true when the range cuts the bucket or it is still running, else absent
     */
    @Schema(name = "UsagePoint")
    public record Point(
            @Schema(description = "Start of the bucket; can lie before the start of the range") Instant bucketStart,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "Only when grouped by org, in figures of all organisations")
                    UUID orgId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "What people call the organisation; absent when there is no name")
                    String orgName,
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
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "Only when grouped by status")
                    String status,
            @JsonUnwrapped Sums sums,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "True when the range cuts the bucket, or it is still running; else absent")
                    Boolean partial) {}

    /** The figures of a point or of the whole range. */
    @Schema(name = "UsageSums")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Sums(
            @Schema(description = "How many invocations ended") long invocations,
            @Schema(description = "Those of them that did not end in success") long errors,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; everything read, cached included")
                    BigInteger inputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger outputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; the part of the input that came from a cache")
                    BigInteger cacheReadInputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; the part of the input that went to a cache")
                    BigInteger cacheWriteInputTokens,
            @Schema(
                            type = SchemaType.INTEGER,
                            nullable = true,
                            description = "US cents, rounded half up from the exact sum; null when nothing has a price")
                    BigInteger costEstimateCents,
            @Schema(
                            nullable = true,
                            description =
                                    "The exact sum of what has a price; null when nothing has one, 0 when there was no"
                                            + " usage")
                    Cost cost,
            @Schema(description = "Invocations without a price") long unpricedInvocations,
            @Schema(description = "Whether everything has a price") boolean costComplete) {

        /** Dresses exact sums. */
        public static Sums of(UsageSums sums) {
            return new Sums(
                    sums.invocations(),
                    sums.errors(),
                    sums.inputTokens(),
                    sums.outputTokens(),
                    sums.cacheReadInputTokens(),
                    sums.cacheWriteInputTokens(),
                    sums.costCents()
                            .map(cents ->
                                    cents.setScale(0, RoundingMode.HALF_UP).toBigIntegerExact())
                            .orElse(null),
                    sums.costCents().map(Cost::ofCents).orElse(null),
                    sums.unpricedInvocations(),
                    sums.unpricedInvocations() == 0);
        }
    }

    /** Dresses the rows of a query; adds the empty buckets where they were asked for. */
    static UsageSeries of(UUID org, UsageQuery query, List<UsageRow> rows, GroupNames names, Instant availableFrom) {
        return new UsageSeries(
                org,
                query.granularity(),
                query.range().start(),
                query.range().end(),
                query.zoneName(),
                points(query, rows, names),
                totals(rows),
                availableFrom,
                null);
    }

    static List<Point> points(UsageQuery query, List<UsageRow> rows, GroupNames names) {
        List<UsageRow> shown = query.fillZero() ? filled(query, rows) : rows;
        return shown.stream().map(row -> point(query, row, names)).toList();
    }

    static Sums totals(List<UsageRow> rows) {
        return Sums.of(rows.stream().map(UsageRow::sums).reduce(UsageSums.NONE, UsageSums::plus));
    }

    private static Point point(UsageQuery query, UsageRow row, GroupNames names) {
        return new Point(
                query.buckets().starts().get(row.bucket()),
                row.group().org().orElse(null),
                names.org(row.group()).orElse(null),
                row.group().model().orElse(null),
                names.model(row.group()).orElse(null),
                row.group().client().isEmpty() ? null : row.group().client().filter(client -> !client.isEmpty()),
                row.group().user().isEmpty() ? null : row.group().userId(),
                names.user(row.group()).orElse(null),
                row.group().status().orElse(null),
                Sums.of(row.sums()),
                query.scope().partial(row.bucket()) ? true : null);
    }

    /** Every group that occurs in the range gets a point in every bucket; without groups there is one point a bucket. */
    private static List<UsageRow> filled(UsageQuery query, List<UsageRow> rows) {
        int buckets = query.buckets().starts().size();
        SortedSet<SeriesGroup> groups = new TreeSet<>(SeriesGroup.ORDER);
        Map<Integer, Map<SeriesGroup, UsageRow>> known = new HashMap<>();
        for (UsageRow row : rows) {
            groups.add(row.group());
            known.computeIfAbsent(row.bucket(), bucket -> new HashMap<>()).put(row.group(), row);
        }
        if (query.groupBy().isEmpty()) {
            groups.add(SeriesGroup.ALL);
        }
        if ((long) buckets * groups.size() > UsageStore.POINTS_MAX) {
            throw UsageStore.tooManyPoints();
        }
        List<UsageRow> filled = new ArrayList<>(buckets * groups.size());
        for (int bucket = 0; bucket < buckets; bucket++) {
            Map<SeriesGroup, UsageRow> ofBucket = known.getOrDefault(bucket, Map.of());
            for (SeriesGroup group : groups) {
                UsageRow row = ofBucket.get(group);
                filled.add(row == null ? new UsageRow(bucket, group, UsageSums.NONE) : row);
            }
        }
        return filled;
    }

    UsageSeries with(FreshnessView.Summary summary) {
        return new UsageSeries(orgId, granularity, start, end, timeZone, series, totals, availableFrom, summary);
    }
}

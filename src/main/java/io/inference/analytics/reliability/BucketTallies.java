package io.inference.analytics.reliability;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Turns rows of hours, or of parts of hours that a bucket cuts, in the order of their time into points. Only the groups of one bucket and of
 * the hour before it are held as histograms, so memory does not grow with the range.
 */
final class BucketTallies {

    /** Bounds the memory of an answer (some 500 bytes per point). */
    static final int POINTS_MAX = 100_000;

    /** Bounds the memory of the histograms of a bucket and the hour before it: 8 bytes per number, so some 96 MB. */
    static final int NUMBERS_MAX = 12_000_000;

    private static final Duration HOUR = Duration.ofHours(1);

    private final Instant start;
    private final Buckets buckets;
    private final SpikeRule rule;
    private final List<ReliabilityRow> points = new ArrayList<>();
    private final Tally totals = new Tally();

    private int bucket;
    private int numbers;
    private Map<SeriesGroup, Tally> ofBucket = new HashMap<>();
    // Of the hour before the bucket, and of the bucket's last hour, which precedes the next bucket.
    private Map<SeriesGroup, Tally> before = new HashMap<>();
    private Map<SeriesGroup, Tally> lastHour = new HashMap<>();

    BucketTallies(SeriesScope scope, SpikeRule rule) {
        this.start = scope.range().start();
        this.buckets = scope.buckets();
        this.rule = rule;
    }

    /** What to feed: the range, and the hour before it. */
    static TimeRange fed(SeriesScope scope) {
        return new TimeRange(scope.range().start().minus(HOUR), scope.range().end());
    }

    /** Where no row may lie on both sides: the edges of the buckets, and an hour before each. */
    static List<Instant> edges(SeriesScope scope) {
        TimeRange range = scope.range();
        return Stream.of(
                        Stream.of(range.start(), range.end()),
                        scope.buckets().starts().stream().filter(edge -> edge.isAfter(range.start())))
                .flatMap(edges -> edges)
                .flatMap(edge -> Stream.of(edge, edge.minus(HOUR)))
                .toList();
    }

    /** Adds a row; their times may not go backwards. */
    void add(Instant time, SeriesGroup group, String status, byte[] latencyBins, byte[] timeToFirstTokenBins) {
        if (time.isBefore(start)) {
            add(before, group, status, latencyBins, timeToFirstTokenBins);
            return;
        }
        while (!time.isBefore(endOf(bucket))) {
            finishBucket();
        }
        add(ofBucket, group, status, latencyBins, timeToFirstTokenBins);
        if (!time.plus(HOUR).isBefore(endOf(bucket)) && !oneHour()) {
            add(lastHour, group, status, latencyBins, timeToFirstTokenBins);
        }
    }

    /** The points, by bucket and then by group. */
    List<ReliabilityRow> points() {
        finishBucket();
        return points;
    }

    /** The whole range; only after {@link #points()}. */
    Stats totals() {
        return totals.stats();
    }

    private void finishBucket() {
        ofBucket.keySet().stream().sorted(SeriesGroup.ORDER).forEach(group -> {
            Tally tally = ofBucket.get(group);
            Stats stats = tally.stats();
            Set<SpikeRule.Cause> spikes = Optional.ofNullable(before.get(group))
                    .map(trailing -> rule.causes(stats, trailing.stats()))
                    .orElse(Set.of());
            points.add(new ReliabilityRow(bucket, group, stats, spikes));
            totals.add(tally);
        });
        before = oneHour() ? ofBucket : lastHour;
        numbers = before.values().stream().mapToInt(Tally::size).sum();
        ofBucket = new HashMap<>();
        lastHour = new HashMap<>();
        bucket++;
    }

    private boolean oneHour() {
        return Duration.between(buckets.starts().get(bucket), endOf(bucket)).equals(HOUR);
    }

    private Instant endOf(int index) {
        return index + 1 < buckets.starts().size() ? buckets.starts().get(index + 1) : buckets.end();
    }

    private void add(
            Map<SeriesGroup, Tally> tallies,
            SeriesGroup group,
            String status,
            byte[] latencyBins,
            byte[] timeToFirstTokenBins) {
        Tally tally = tallies.computeIfAbsent(group, first -> new Tally());
        int before = tally.size();
        tally.add(status, latencyBins, timeToFirstTokenBins);
        numbers += tally.size() - before;
        if (points.size() + ofBucket.size() > POINTS_MAX || tallies.size() > POINTS_MAX || numbers > NUMBERS_MAX) {
            throw tooMany();
        }
    }

    private static Failure.Invalid tooMany() {
        return new Failure.Invalid(
                "groupBy",
                "groupBy: more than " + POINTS_MAX
                        + " points, or too many busy groups in one bucket (expected: a shorter range, a coarser granularity or"
                        + " fewer groups)");
    }
}

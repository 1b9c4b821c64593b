package io.inference.analytics.devtools;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What {@link SampleEvents} makes. Percentages are exact, rounded to whole events.
 *
 * @param count events in all: duplicates, malformed ones, conflicts and elements of arrays included
 * @param duplicatesPct repetitions of earlier events of the same sample
 * @param latePct of the new events: how many occurred within the last 30 days instead of just now
 * @param errorsPct of the new events: how many have another status than success
 * @param malformedPct every kind of {@link SampleFault} in turn
 * @param conflictsPct repetitions with other content, each in one array with its first, right after it
 * @param arraysPct of the messages: how many are arrays of 2 to 20 events
 * @param seed decides all but the times: two samples of one seed are duplicates of each other for 24 h
 * @param now when the first event is published
 * @param interval between two events when they are published at a rate; zero for as fast as possible
 */
public record SampleOptions(
        int count,
        int orgs,
        int models,
        double duplicatesPct,
        double latePct,
        double errorsPct,
        double malformedPct,
        double conflictsPct,
        double arraysPct,
        long seed,
        Instant now,
        Duration interval) {

    static final int ORGS_MAX = 10_000;
    static final int MODELS_MAX = 10_000;

    public SampleOptions {
        check(count >= 0, "count: " + count + " (expected: >= 0)");
        check(orgs >= 1 && orgs <= ORGS_MAX, "orgs: " + orgs + " (expected: 1 to " + ORGS_MAX + ")");
        check(models >= 1 && models <= MODELS_MAX, "models: " + models + " (expected: 1 to " + MODELS_MAX + ")");
        checkPercentage("duplicates", duplicatesPct);
        checkPercentage("late", latePct);
        checkPercentage("errors", errorsPct);
        checkPercentage("malformed", malformedPct);
        checkPercentage("conflicts", conflictsPct);
        checkPercentage("arrays", arraysPct);
        double repeated = duplicatesPct + malformedPct + 2 * conflictsPct;
        check(
                repeated <= 100,
                "duplicates + malformed + twice the conflicts: " + repeated + " % (expected: at most 100 %)");
        now = now.truncatedTo(ChronoUnit.MICROS);
    }

    /** Two organisations, three models, new events only, all of them successful and of the last hour. */
    public static SampleOptions of(int count, long seed, Instant now) {
        return new SampleOptions(count, 2, 3, 0, 0, 0, 0, 0, 0, seed, now, Duration.ZERO);
    }

    /** As {@link #of}, with some of everything. */
    public static SampleOptions mixed(int count, long seed, Instant now) {
        return new SampleOptions(count, 2, 3, 10, 10, 5, 4, 2, 10, seed, now, Duration.ZERO);
    }

    public List<String> orgIds() {
        return IntStream.rangeClosed(1, orgs).mapToObj(SampleOptions::orgId).toList();
    }

    public static String orgId(int number) {
        return String.format("00000000-0000-4000-8000-%012d", number);
    }

    public static String modelId(int number) {
        return String.format("00000000-0000-4000-9000-%012d", number);
    }

    /** A user belongs to one organisation. */
    public static String userId(int org, int number) {
        return String.format(Locale.ROOT, "00000000-0000-4000-a%03d-%012d", org % 1000, number);
    }

    private static void checkPercentage(String name, double value) {
        check(value >= 0 && value <= 100, name + ": " + value + " (expected: 0 to 100)");
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}

package io.inference.analytics.platform;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pauses between attempts that grow from a shortest to a longest one, by doubling. Each pause is
 * between half and the whole of its length, at random, so that replicas do not try at the same
 * moment.
 */
public final class BackOff {

    private final Duration shortest;
    private final Duration longest;
    private int failures = 1;

    public BackOff(Duration shortest, Duration longest) {
        this.shortest = shortest;
        this.longest = longest;
    }

    /** How long the next pause is at most. */
    public Duration next() {
        return after(failures, shortest, longest);
    }

    /** Waits, and makes the next pause twice as long. */
    public void pause() throws InterruptedException {
        Duration pause = random(next());
        failures++;
        TimeUnit.MILLISECONDS.sleep(pause.toMillis());
    }

    /** Makes the next pause the shortest one, after a success. */
    public void reset() {
        failures = 1;
    }

    /**
     * How long the pause after some failed attempts is at most, for callers that store their number.
     *
     * @param failures from 1; less counts as 1
     */
    public static Duration after(int failures, Duration shortest, Duration longest) {
        Duration pause = shortest;
        for (int failure = 1; failure < failures && pause.compareTo(longest) < 0; failure++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(longest) < 0 ? pause : longest;
    }

    /** A pause between half and the whole of this length. */
    public static Duration random(Duration most) {
        long half = most.toMillis() / 2;
        return Duration.ofMillis(half + ThreadLocalRandom.current().nextLong(half + 1));
    }
}

package io.inference.analytics.platform;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pauses between attempts that grow from a shortest to a longest one, by doubling. Each pause is between half and the whole of
 * its length, at random, so that replicas do not try at the same moment.
 */
public final class BackOff {

    private final Duration longest;
    private Duration next;

    public BackOff(Duration shortest, Duration longest) {
        this.longest = longest;
        this.next = shortest;
    }

    /** How long the next pause is at most. */
    public Duration next() {
        return next;
    }

    /** Waits, and makes the next pause twice as long. */
    public void pause() throws InterruptedException {
        long half = next.toMillis() / 2;
        Duration doubled = next.multipliedBy(2);
        next = doubled.compareTo(longest) < 0 ? doubled : longest;
        TimeUnit.MILLISECONDS.sleep(half + ThreadLocalRandom.current().nextLong(half + 1));
    }
}

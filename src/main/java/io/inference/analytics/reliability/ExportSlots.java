package io.inference.analytics.reliability;

import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/** Bounds how many reads of raw events run at the same time in this process. */
@ApplicationScoped
class ExportSlots {

    private final int max;
    private final Semaphore free;

    ExportSlots(ReliabilityConfig config) {
        this.max = config.export().concurrency();
        this.free = new Semaphore(max);
    }

    /**
     * Takes a slot; {@link #release} returns it.
     *
     * @throws Failure.TooManyRequests when none is free
     */
    void take() {
        if (!free.tryAcquire()) {
            throw new Failure.TooManyRequests(
                    max + " exports of raw events are already running, which is the limit.", Duration.ofSeconds(5));
        }
    }

    void release() {
        free.release();
    }
}

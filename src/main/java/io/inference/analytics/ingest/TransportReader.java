package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.Map;

/** Brings messages from the broker into the pipeline; one implementation per transport. */
interface TransportReader {

    /**
     * What a reader knows about the broker.
     *
     * @param reads whether this replica reads now (a standby does not)
     * @param reachableAt when the broker last answered; null = never yet
     * @param oldestUncommittedAt when the oldest message that is not committed came to the broker; null = all are committed. While
     *     a replica that should read cannot, this is the moment since when it cannot know, or earlier
     * @param backlogMessages messages at the broker that are not committed yet
     */
    record BrokerView(boolean reads, Instant reachableAt, Instant oldestUncommittedAt, long backlogMessages) {}

    /** Begins to read in the background; tries again by itself, without end. */
    void start();

    /** Stops reading; returns within seconds. */
    void stop();

    /** Ends the connection, which gives back what was not acknowledged; to be called after the writers have stopped. */
    void close() throws InterruptedException;

    BrokerView view();

    /** What it knows of each stream by its key, where one view of all would hide that one of them waits; else empty. */
    default Map<String, BrokerView> parts() {
        return Map.of();
    }
}

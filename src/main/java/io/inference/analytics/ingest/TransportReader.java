package io.inference.analytics.ingest;

import java.time.Instant;

/** Brings messages from the broker into the pipeline; one implementation a transport. */
interface TransportReader {

    /**
     * What a reader knows about the broker.
     *
     * @param reads whether this replica reads now (a standby does not)
     * @param reachableAt when the broker last answered; null = never yet
     * @param oldestUncommittedAt when the oldest message that is not committed came to the broker; null = all are committed. While
     *     a replica that should read can not, this is no later than the moment from which on it can not know
     * @param backlogMessages messages at the broker that are not committed yet
     */
    record BrokerView(boolean reads, Instant reachableAt, Instant oldestUncommittedAt, long backlogMessages) {}

    /** Begins to read in the background; retries by itself for ever. */
    void start();

    /** Stops reading; returns within seconds. */
    void stop();

    /** Ends the connection, and with it what was not acknowledged goes back; to be called after the writers have stopped. */
    void close() throws InterruptedException;

    BrokerView view();
}

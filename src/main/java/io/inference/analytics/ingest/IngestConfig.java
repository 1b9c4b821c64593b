package io.inference.analytics.ingest;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** How events are taken from the broker and written. Durations are ISO-8601 or like {@code 200ms}. */
@ConfigMapping(prefix = "analytics.ingestion")
public interface IngestConfig {

    /** The ways by which messages can come. */
    enum Transport {
        STREAM,
        QUEUE
    }

    /** Whether this process reads from the broker at all; the command line switches it off. */
    @WithDefault("true")
    boolean enabled();

    /** {@code stream} or {@code queue}; only the named one is declared, bound and read. */
    Transport transport();

    /** Events of one transaction, at most, as long as the writers keep up; an array that begins below it is taken whole. */
    int batchSize();

    /**
     * Events of one transaction, at most, while a backlog waits. What has piled up is taken at once, because the cost of an event
     * falls with the size of its batch. INGESTION_BATCH_SIZE, where set, bounds these batches too, unless
     * INGESTION_BACKLOG_BATCH_SIZE says otherwise.
     */
    int backlogBatchSize();

    /** How long the writer waits for a batch to fill, from its first message on. */
    Duration batchTimeout();

    /** Into how many lanes organisations are divided, each of which commits by itself. */
    int lanes();

    /** Writers, each with a database connection of its own and one lane at a time; never more than there are lanes. */
    int workers();

    /** A batch is flagged late when it holds an event older than this. */
    @WithDefault("1h")
    Duration lateAfter();

    /** Back-off between attempts while the database does not take a batch, doubling from 100 ms up to this. */
    @WithDefault("10s")
    Duration retryDelayMax();

    /** How often one replica checks the books of the latest batches, see analytics_conservation_gap_events. */
    @WithDefault("5m")
    Duration conservationInterval();

    /** Settings of transport {@code stream} alone. */
    Stream stream();

    /** Settings of transport {@code queue} alone. */
    Queue queue();

    /** Transport {@code stream}. */
    interface Stream {
        /** Port of the broker's stream listener; the host is that of RABBITMQ_URL. */
        int port();

        /** Partitions of the super stream; 1 = one stream. */
        int partitions();

        /** How long the stream keeps messages. */
        Duration maxAge();

        /** How many bytes the stream keeps; absent = no limit by size. */
        Optional<Long> maxBytes();

        /** A reader that has not renewed its lease for this long is replaced by another replica. */
        @WithDefault("15s")
        Duration lease();

        /** Messages that may wait here for their commit; above that the broker gets no more credit. */
        @WithDefault("20000")
        int bufferMessages();

        /** Bytes of messages that may wait here for their commit. */
        @WithDefault("33554432")
        long bufferBytes();
    }

    /** Transport {@code queue}. */
    interface Queue {
        /** Unacknowledged messages that the broker may have under way to us; also the bound of the buffer. */
        @WithDefault("4000")
        int prefetch();

        /** Deliveries after which the broker dead-letters a message itself. */
        @WithDefault("1000")
        int deliveryLimit();
    }
}

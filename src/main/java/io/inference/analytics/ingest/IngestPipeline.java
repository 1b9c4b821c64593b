package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEventCodec;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Joins a transport with the writers: one buffer, one commit order, and for the stream the position that they move.
 *
 * <p>A transport calls {@link #begin} for each connection or lease that it starts to read with. Everything older is dropped then,
 * and the broker delivers it again. On shutdown the writers finish the batch that they are in; the rest stays with the broker.
 */
@ApplicationScoped
public class IngestPipeline {

    private static final Logger LOG = Logger.getLogger(IngestPipeline.class);
    private static final Duration SHUTDOWN_PATIENCE = Duration.ofSeconds(20);

    /** An attempt against a hanging database ends after at most 90 s, by the socket's time-out; halving makes several. */
    private static final Duration WRITER_STALL_MAX = Duration.ofMinutes(5);

    private final IngestConfig config;
    private final DataSource dataSource;
    private final UsageEventStore store;
    private final StreamPosition position;
    private final UsageEventCodec codec;
    private final IngestMetrics metrics;
    private final DeadLetterStore deadLetters;
    private final Clock clock;
    private final BatchKind kind;
    private final IngestConfig.Transport transport;
    private final String replica = UUID.randomUUID().toString();
    private final MessageBuffer buffer = new MessageBuffer();
    private final CommitOrder order = new CommitOrder();
    private final FailingAttempts failing = new FailingAttempts();
    private final List<BatchWriter> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    private volatile Source source = new Source(0, 0, 0, 0);
    private volatile long fencedGeneration = -1;
    private volatile Instant lastCommittedAt;

    @Inject
    IngestPipeline(
            IngestConfig config,
            DataSource dataSource,
            UsageEventStore store,
            StreamPosition position,
            UsageEventCodec codec,
            IngestMetrics metrics,
            DeadLetterStore deadLetters,
            Clock clock) {
        this.kind = BatchKind.LIVE;
        this.transport = config.transport();
        this.config = config;
        this.dataSource = dataSource;
        this.store = store;
        this.position = position;
        this.codec = codec;
        this.metrics = metrics;
        this.deadLetters = deadLetters;
        this.clock = clock;
    }

    private IngestPipeline(IngestPipeline live, BatchKind kind, IngestConfig.Transport transport) {
        this.kind = kind;
        this.transport = transport;
        this.config = live.config;
        this.dataSource = live.dataSource;
        this.store = live.store;
        this.position = live.position;
        this.codec = live.codec;
        this.metrics = live.metrics;
        this.deadLetters = live.deadLetters;
        this.clock = live.clock;
    }

    /** Another pipeline, whose batches lie outside the live sequence of offsets and move no position. */
    IngestPipeline forReplay() {
        return new IngestPipeline(this, BatchKind.REPLAY, transport);
    }

    /** Another pipeline, for what another transport still holds; it moves that transport's position. */
    IngestPipeline forLeftovers(IngestConfig.Transport other) {
        return new IngestPipeline(this, BatchKind.LIVE, other);
    }

    /**
     * What a generation reads from; offsets mean nothing on transport queue. Everything that changes with a generation stands in
     * here, so that a writer that is late with an older generation's batch cannot use the newer one's lease or place.
     */
    static final class Source {

        /** The broker writes single entries of its own; a longer gap means that messages are missing. */
        private static final int HOUSEKEEPING_MAX = 100;

        private final long generation;
        private final long epoch;
        private volatile long firstAvailable;
        private volatile long nextOffset;
        private volatile long lastOffered;

        Source(long generation, long epoch, long firstToRead, long firstAvailable) {
            this.generation = generation;
            this.epoch = epoch;
            this.firstAvailable = firstAvailable;
            this.nextOffset = firstToRead;
            this.lastOffered = firstToRead - 1;
        }

        /** The fencing number of the lease. */
        long epoch() {
            return epoch;
        }

        /** Called in commit order, with the lane held: the position that the next batch must find. */
        long expectedOffset() {
            return nextOffset;
        }

        /** After a commit. */
        void advanced(long next) {
            nextOffset = next;
        }

        /** The stream begins here by now: retention has removed what was before. */
        void begins(long first) {
            firstAvailable = first;
        }

        /** The causes of the gap between the position and the first message read after it. */
        List<Skip> skipsBefore(long first) {
            List<Skip> skips = new ArrayList<>();
            long from = nextOffset;
            long available = Math.min(firstAvailable, first);
            if (from < available) {
                skips.add(new Skip(from, available - 1, StreamPosition.SkipCause.RETENTION));
                from = available;
            }
            if (from < first) {
                skips.add(new Skip(
                        from,
                        first - 1,
                        first - from > HOUSEKEEPING_MAX
                                ? StreamPosition.SkipCause.RETENTION
                                : StreamPosition.SkipCause.BROKER_HOUSEKEEPING));
            }
            return skips;
        }
    }

    /** Offsets that held no message for us, both ends inclusive. */
    record Skip(long first, long last, StreamPosition.SkipCause cause) {}

    /** Starts the writers. */
    void start() {
        for (int i = 0; i < config.workers(); i++) {
            BatchWriter writer = new BatchWriter(this, dataSource, store, position, codec, metrics, clock);
            Thread thread = new Thread(writer, "ingest-writer-" + i);
            thread.start();
            writers.add(writer);
            threads.add(thread);
        }
    }

    /** Lets the writers finish the batch that they are in; what waits stays with the broker. */
    @PreDestroy
    void stop() {
        buffer.close();
        Instant deadline = clock.instant().plus(SHUTDOWN_PATIENCE);
        for (Thread thread : threads) {
            try {
                thread.join(
                        Math.max(1, Duration.between(clock.instant(), deadline).toMillis()));
                if (thread.isAlive()) {
                    thread.interrupt();
                    thread.join(TimeUnit.SECONDS.toMillis(1));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Drops what older connections brought and returns the number under which messages are offered from now on. */
    synchronized long begin(long epoch, long firstToRead, long firstAvailable) {
        long generation = buffer.restart();
        source = new Source(generation, epoch, firstToRead, firstAvailable);
        order.restart(generation);
        return generation;
    }

    /** Adds a message. One that was offered before is dropped: the client may resume a little too early. */
    void offer(long generation, RawMessage message) {
        Source current = source;
        if (generation != current.generation) {
            return;
        }
        if (message.offset() != RawMessage.NO_OFFSET) {
            if (message.offset() <= current.lastOffered) {
                message.settlement().committed();
                return;
            }
            current.lastOffered = message.offset();
        }
        buffer.offer(generation, message);
    }

    /** After a commit: settles each message with the transport. */
    void committed(MessageBuffer.Batch batch, BatchRecord record) {
        lastCommittedAt = record.committedAt();
        failing.committed();
        for (RawMessage message : batch.messages()) {
            try {
                message.settlement().committed();
            } catch (RuntimeException | Error e) {
                // It is stored: the broker delivers it again, as a duplicate.
                LOG.warnf(e, "event=not_acknowledged offset=%d", message.offset());
            }
        }
        LOG.debugf(
                "event=batch_committed batch_id=%d correlation_id=%s received=%d stored=%d",
                record.batchId(),
                record.correlationId(),
                record.counts().received(),
                record.counts().stored());
    }

    /** The offset before which all messages are committed. */
    long expectedOffset() {
        return source.expectedOffset();
    }

    /** What the generation reads from; empty when it is over. */
    Optional<Source> source(long generation) {
        Source current = source;
        return current.generation == generation ? Optional.of(current) : Optional.empty();
    }

    void fenced(long generation) {
        fencedGeneration = generation;
    }

    /** Whether a writer found that this generation may no longer commit. */
    boolean isFenced(long generation) {
        return fencedGeneration == generation;
    }

    /** Whether every writer went through its loop lately; if one did not, the process should be replaced. */
    public boolean writersProgress() {
        Instant limit = clock.instant().minus(WRITER_STALL_MAX);
        return writers.stream().allMatch(writer -> writer.progressedAfter(limit));
    }

    /** When the oldest message that was read but not yet committed was published. */
    Optional<Instant> oldestUncommittedAt() {
        Optional<Instant> inFlight = writers.stream()
                .flatMap(writer -> writer.oldestInFlight().stream())
                .min(Instant::compareTo);
        return inFlight.isPresent() ? inFlight : buffer.oldestPublishedAt();
    }

    /** After an attempt to store a batch that failed for a reason other than a row. */
    void attemptFailed() {
        failing.failed(clock.instant());
        metrics.attemptFailed();
    }

    /** Since when attempts fail and nothing is committed; empty as long as that is shorter than {@link FailingAttempts#LIMIT}. */
    Optional<Instant> stuckSince(Instant now) {
        return failing.stuckSince(now);
    }

    Optional<Instant> lastCommittedAt() {
        return Optional.ofNullable(lastCommittedAt);
    }

    IngestConfig config() {
        return config;
    }

    /** Events per batch while a backlog waits: half of what may be under way, so that the broker can send the other half. */
    int batchSizeMax() {
        int underWay =
                switch (config.transport()) {
                    case STREAM -> config.stream().bufferMessages();
                    case QUEUE -> config.queue().prefetch();
                };
        return Math.max(config.batchSize(), Math.min(config.backlogBatchSize(), underWay / 2));
    }

    MessageBuffer buffer() {
        return buffer;
    }

    CommitOrder order() {
        return order;
    }

    DeadLetterStore deadLetters() {
        return deadLetters;
    }

    BatchKind kind() {
        return kind;
    }

    String replica() {
        return replica;
    }

    String transportName() {
        return transport.name().toLowerCase(Locale.ROOT);
    }
}

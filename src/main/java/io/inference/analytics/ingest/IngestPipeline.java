package io.inference.analytics.ingest;

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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Joins a transport with the writers: one buffer, the lanes behind it, and for the stream the position that they move.
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

    private static final Duration NOTE_INTERVAL = Duration.ofSeconds(1);
    private static final int ADDITIONAL_WRITERS_MAX = 2;

    private final IngestConfig config;
    private final DataSource dataSource;
    private final UsageEventStore store;
    private final StreamPosition position;
    private final EventDecoder decoder;
    private final IngestMetrics metrics;
    private final DeadLetterStore deadLetters;
    private final Clock clock;
    private final BatchKind kind;
    private final boolean additional;
    private final Semaphore storing;
    private final Semaphore storingLeftovers;

    /** How many streams share the bounds on what may be under way. */
    private final int streams;

    private final List<IngestPipeline> partitions = new CopyOnWriteArrayList<>();
    private final IngestConfig.Transport transport;
    private final String replica;
    private final MessageBuffer buffer = new MessageBuffer();
    private final Lanes lanes;
    private final LaneQueues queues;
    private final List<FailingAttempts> failing = new ArrayList<>();
    private final LaneSplitter splitter;
    private final List<BatchWriter> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    private volatile Source source = new Source(0, 0, 0, 0);
    private volatile long fencedGeneration = -1;
    private volatile Instant lastCommittedAt;
    private volatile Instant commitNotedAt = Instant.EPOCH;

    @Inject
    IngestPipeline(
            IngestConfig config,
            DataSource dataSource,
            UsageEventStore store,
            StreamPosition position,
            EventDecoder decoder,
            IngestMetrics metrics,
            DeadLetterStore deadLetters,
            Clock clock) {
        this.kind = BatchKind.LIVE;
        this.additional = false;
        this.replica = UUID.randomUUID().toString();
        this.storing = new Semaphore(config.workers());
        this.storingLeftovers = new Semaphore(ADDITIONAL_WRITERS_MAX);
        this.streams = config.transport() == IngestConfig.Transport.STREAM
                ? config.stream().partitions()
                : 1;
        this.transport = config.transport();
        this.config = config;
        this.dataSource = dataSource;
        this.store = store;
        this.position = position;
        this.decoder = decoder;
        this.metrics = metrics;
        this.deadLetters = deadLetters;
        this.clock = clock;
        this.lanes = new Lanes(config.lanes());
        this.queues = new LaneQueues(lanes.count(), underWayMax(), underWayBytesMax());
        this.splitter = new LaneSplitter(this, lanes, queues, decoder, clock);
        for (int i = 0; i < lanes.count(); i++) {
            failing.add(new FailingAttempts());
        }
    }

    private IngestPipeline(
            IngestPipeline live,
            BatchKind kind,
            IngestConfig.Transport transport,
            StreamPosition position,
            boolean additional,
            Semaphore storing,
            int streams) {
        this.kind = kind;
        this.additional = additional;
        this.storing = storing;
        this.storingLeftovers = live.storingLeftovers;
        this.streams = streams;
        this.replica = additional ? UUID.randomUUID().toString() : live.replica;
        this.transport = transport;
        this.config = live.config;
        this.dataSource = live.dataSource;
        this.store = live.store;
        this.position = position;
        this.decoder = live.decoder;
        this.metrics = live.metrics;
        this.deadLetters = live.deadLetters;
        this.clock = live.clock;
        this.lanes = live.lanes;
        this.queues = new LaneQueues(lanes.count(), underWayMax(), underWayBytesMax());
        this.splitter = new LaneSplitter(this, lanes, queues, decoder, clock);
        for (int i = 0; i < lanes.count(); i++) {
            failing.add(new FailingAttempts());
        }
    }

    /** Another pipeline, whose batches lie outside the live sequence of offsets and move no position. */
    IngestPipeline forReplay() {
        return new IngestPipeline(
                this, BatchKind.REPLAY, transport, position, true, new Semaphore(ADDITIONAL_WRITERS_MAX), streams);
    }

    /**
     * Another pipeline, for what another queue or stream still holds; it moves the position there.
     *
     * @param atOnce how many of them there may be at the same time; all share their connections and bounds
     */
    IngestPipeline forLeftovers(Outlet other, int atOnce) {
        return new IngestPipeline(
                this,
                BatchKind.LIVE,
                other.transport(),
                position.in(other.stream()),
                true,
                storingLeftovers,
                Math.max(streams, atOnce));
    }

    /** A part of this pipeline for one partition. It shares the bounds, and counts as this one where health is asked for. */
    IngestPipeline forPartition(StreamId partition) {
        IngestPipeline part =
                new IngestPipeline(this, BatchKind.LIVE, transport, position.in(partition), false, storing, streams);
        partitions.add(part);
        return part;
    }

    /** The position that this pipeline moves, where there is one. */
    StreamPosition position() {
        return position;
    }

    /** One permit per connection that batches may have at the same time. */
    Semaphore storing() {
        return storing;
    }

    /** Starts the writers; those of the partitions, where there are some. */
    void start() {
        if (!partitions.isEmpty()) {
            partitions.forEach(IngestPipeline::start);
            return;
        }
        start(splitter, "ingest-splitter");
        for (int i = 0; i < writersMax(); i++) {
            BatchWriter writer = new BatchWriter(this, dataSource, store, position, metrics, clock);
            writers.add(writer);
            start(writer, "ingest-writer-" + i);
        }
    }

    private void start(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.start();
        threads.add(thread);
    }

    /** What is read in addition to the live sequence leaves connections to it. */
    private int writersMax() {
        int most = Math.min(lanes.count(), config.workers());
        return additional ? Math.min(ADDITIONAL_WRITERS_MAX, most) : most;
    }

    /** Lets the writers finish the batch that they are in; what waits stays with the broker. */
    @PreDestroy
    void stop() {
        close();
        partitions.forEach(IngestPipeline::close);
        Instant deadline = clock.instant().plus(SHUTDOWN_PATIENCE);
        for (Thread thread : allThreads()) {
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

    private void close() {
        buffer.close();
        queues.close();
    }

    private List<Thread> allThreads() {
        return Stream.concat(Stream.of(this), partitions.stream())
                .flatMap(pipeline -> pipeline.threads.stream())
                .toList();
    }

    /** Drops what older connections brought and returns the number under which messages are offered from now on. */
    synchronized long begin(long epoch, long firstToRead, long firstAvailable) {
        return begin(epoch, firstToRead, firstAvailable, List.of());
    }

    /** The same, where single lanes have committed more. */
    synchronized long begin(long epoch, long firstToRead, long firstAvailable, List<LaneMark> ahead) {
        long generation = buffer.restart();
        boolean moves = kind == BatchKind.LIVE && hasOffsets();
        source = new Source(generation, epoch, firstToRead, firstAvailable, ahead, moves);
        queues.restart(generation);
        return generation;
    }

    /** Adds a message. One that was offered before is dropped: the client may resume a little too early. */
    void offer(long generation, RawMessage message) {
        Source current = source;
        if (generation != current.generation()) {
            return;
        }
        if (message.offset() != RawMessage.NO_OFFSET) {
            if (!current.isNew(message.offset())) {
                message.settlement().committed();
                return;
            }
        }
        buffer.offer(generation, message);
    }

    /** After a commit: settles each message that is now committed in all of its lanes. */
    void committed(int lane, BatchTransaction.Committed batch) {
        BatchRecord record = batch.record();
        lastCommittedAt = record.committedAt();
        failing.get(lane).committed();
        settle(batch.settled());
        LOG.debugf(
                "event=batch_committed batch_id=%d correlation_id=%s received=%d stored=%d",
                record.batchId(),
                record.correlationId(),
                record.counts().received(),
                record.counts().stored());
    }

    void settle(List<RawMessage.Settlement> settled) {
        for (RawMessage.Settlement settlement : settled) {
            try {
                settlement.committed();
            } catch (RuntimeException | Error e) {
                // It is stored: the broker delivers it again, as a duplicate.
                LOG.warn("event=not_acknowledged", e);
            }
        }
    }

    /** Messages before the given end of the stream that are not committed. */
    long uncommittedBefore(long end) {
        return source.uncommittedBefore(end);
    }

    /** Whether messages are committed over which the position has not moved. */
    boolean mayMove(long generation) {
        return source(generation).map(current -> current.open().mayMove()).orElse(false);
    }

    /** What the generation reads from; empty when it is over. */
    Optional<Source> source(long generation) {
        Source current = source;
        return current.generation() == generation ? Optional.of(current) : Optional.empty();
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
        return (writers.isEmpty() || splitter.progressedAfter(limit))
                && writers.stream().allMatch(writer -> writer.progressedAfter(limit))
                && partitions.stream().allMatch(IngestPipeline::writersProgress);
    }

    /** When the oldest message that was read but not yet committed was published. */
    Optional<Instant> oldestUncommittedAt() {
        // In the order in which messages come along, so that one that moves on meanwhile is seen.
        Optional<Instant> waiting = buffer.oldestPublishedAt();
        Optional<Instant> inHand = splitter.oldestInHand();
        return Stream.of(waiting, inHand, source.open().oldestPublishedAt())
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    /** After an attempt to store a batch that failed for a reason other than a row. */
    void attemptFailed(LaneBatch batch) {
        queues.attemptFailed(batch);
        attemptFailed(batch.lane());
    }

    /** After an attempt of a lane that has no batch yet. */
    void attemptFailed(int lane) {
        failing.get(lane).failed(clock.instant());
        metrics.attemptFailed();
    }

    /**
     * Since when a lane's attempts fail and nothing of it is committed; empty as long as that is shorter than
     * {@link FailingAttempts#LIMIT}.
     */
    Optional<Instant> stuckSince(Instant now) {
        return Stream.concat(
                        failing.stream().flatMap(lane -> lane.stuckSince(now).stream()),
                        partitions.stream().flatMap(part -> part.stuckSince(now).stream()))
                .min(Instant::compareTo);
    }

    Optional<Instant> lastCommittedAt() {
        return Stream.concat(
                        Stream.ofNullable(lastCommittedAt),
                        partitions.stream().flatMap(part -> part.lastCommittedAt().stream()))
                .max(Instant::compareTo);
    }

    IngestConfig config() {
        return config;
    }

    /** Events per batch while a backlog waits: half of what may be under way, so that the broker can send the other half. */
    int batchSizeMax() {
        return Math.max(config.batchSize(), Math.min(config.backlogBatchSize(), underWayMax() / 2));
    }

    /** For a consumer of one stream. */
    StreamCredit credit() {
        return new StreamCredit(
                config.stream().bufferMessages(), config.stream().bufferBytes(), streams);
    }

    /** Messages that may wait for their commit. The streams that a replica reads share the memory. */
    private int underWayMax() {
        return switch (config.transport()) {
            case STREAM -> config.stream().bufferMessages() / streams;
            case QUEUE -> config.queue().prefetch();
        };
    }

    private long underWayBytesMax() {
        return switch (config.transport()) {
            case STREAM -> config.stream().bufferBytes() / streams;
            case QUEUE -> Long.MAX_VALUE;
        };
    }

    /** Whether messages have a place in a stream. */
    boolean hasOffsets() {
        return transport == IngestConfig.Transport.STREAM;
    }

    /** Whether to record the time of this commit: once per second is enough, as all lanes meet in that row. */
    boolean noteCommitNow(Instant now) {
        if (Duration.between(commitNotedAt, now).abs().compareTo(NOTE_INTERVAL) < 0) {
            return false;
        }
        commitNotedAt = now;
        return true;
    }

    MessageBuffer buffer() {
        return buffer;
    }

    LaneQueues queues() {
        return queues;
    }

    Lanes lanes() {
        return lanes;
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

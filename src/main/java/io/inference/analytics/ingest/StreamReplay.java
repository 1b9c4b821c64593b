package io.inference.analytics.ingest;

import com.rabbitmq.stream.Consumer;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.Message;
import com.rabbitmq.stream.MessageHandler;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.StreamException;
import io.inference.analytics.platform.Failure;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/**
 * Reads a part of the stream again, up to where it is committed now, and stores what is missing. The live reader goes on
 * meanwhile: a replay takes no lease and moves no position. Its batches are of kind {@code replay}, and what is stored already
 * is a duplicate.
 *
 * <p>Bound: a buffer of the live reader's size. A replay in which nothing moves for a minute fails; what was committed by then
 * stays, and starting again is harmless.
 */
@ApplicationScoped
public class StreamReplay {

    /** What a replay did; the counts are events. {@code lastOffset} is inclusive. */
    public record Report(
            long firstOffset,
            long lastOffset,
            long batches,
            long received,
            long stored,
            long duplicates,
            long conflicts,
            long deadLettered) {

        private static final Report NOTHING = new Report(0, 0, 0, 0, 0, 0, 0, 0);

        /** Both together; a stream of which nothing was read has no offsets. */
        Report plus(Report other) {
            return batches == 0
                    ? other
                    : new Report(
                            other.batches == 0 ? firstOffset : Math.min(firstOffset, other.firstOffset),
                            Math.max(lastOffset, other.lastOffset),
                            batches + other.batches,
                            received + other.received,
                            stored + other.stored,
                            duplicates + other.duplicates,
                            conflicts + other.conflicts,
                            deadLettered + other.deadLettered);
        }
    }

    private static final Logger LOG = Logger.getLogger(StreamReplay.class);
    private static final Duration STALL_MAX = Duration.ofMinutes(1);
    private static final long LOOK_MILLIS = 50;

    private static final String SUMS =
            """
            select coalesce(min(first_offset), 0) as first_offset, coalesce(max(last_offset), 0) as last_offset,
                   count(*) as batches, coalesce(sum(received), 0) as received, coalesce(sum(stored), 0) as stored,
                   coalesce(sum(duplicates), 0) as duplicates, coalesce(sum(conflicts), 0) as conflicts,
                   coalesce(sum(dead_lettered), 0) as dead_lettered
            from analytics.ingestion_batches where kind = 'replay' and replica = :replica and committed_at >= :startedAt
            """;

    private final IngestPipeline live;
    private final StreamPosition position;
    private final BrokerSettings broker;
    private final IngestConfig config;
    private final Jdbi jdbi;
    private final Clock clock;

    StreamReplay(
            IngestPipeline live,
            StreamPosition position,
            BrokerSettings broker,
            IngestConfig config,
            Jdbi jdbi,
            Clock clock) {
        this.live = live;
        this.position = position;
        this.broker = broker;
        this.config = config;
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /** From the offset on, or from the first later one that the stream still has. */
    public Report fromOffset(long offset) throws InterruptedException {
        StreamId stream = StreamId.holding(offset);
        StreamPlace place = place(stream);
        long end = place.firstToRead();
        if (offset >= end) {
            throw new Failure.Invalid(
                    "fromOffset", "fromOffset: %d (expected: below %d, where the position is)".formatted(offset, end));
        }
        if (offset < place.base()) {
            throw new Failure.Invalid(
                    "from-offset",
                    "from-offset: %d (expected: %d or more, where the present stream begins)"
                            .formatted(offset, place.base()));
        }
        return replay(stream, OffsetSpecification.offset(offset - place.base()), offset, place);
    }

    /**
     * From the broker's chunk that holds this time of publishing, so from a little before it. A stream in which nothing was committed
     * since has no such chunk.
     */
    public Report fromTime(Instant time) throws InterruptedException {
        Instant now = clock.instant();
        if (time.isAfter(now)) {
            throw new Failure.Invalid("fromTime", "fromTime: %s (expected: before now, %s)".formatted(time, now));
        }
        requireStream();
        Optional<Report> done = Optional.empty();
        for (StreamId stream : StreamId.configured(config).toList()) {
            StreamPlace place = position.in(stream).place();
            if (place.nextOffset().isPresent()) {
                Report report = place.holdsSince(time)
                        ? replay(
                                stream, OffsetSpecification.timestamp(time.toEpochMilli()), stream.firstOffset(), place)
                        : Report.NOTHING;
                // What is done stays done when a later partition cannot be read.
                LOG.infof("event=replay_done stream=%s received=%d", stream.name(), report.received());
                done = Optional.of(done.map(report::plus).orElse(report));
            }
        }
        return done.orElseThrow(StreamReplay::nothing);
    }

    private static Failure.NotFound nothing() {
        return new Failure.NotFound("nothing of the stream has been committed yet");
    }

    private StreamPlace place(StreamId stream) {
        requireStream();
        StreamPlace place = position.in(stream).place();
        if (place.nextOffset().isEmpty()) {
            throw nothing();
        }
        return place;
    }

    private void requireStream() {
        if (config.transport() != IngestConfig.Transport.STREAM) {
            throw new Failure.Invalid(
                    "INGESTION_TRANSPORT",
                    "INGESTION_TRANSPORT: queue (expected: stream; a queue keeps nothing that could be read again)");
        }
    }

    private Report replay(StreamId stream, OffsetSpecification from, long first, StreamPlace place)
            throws InterruptedException {
        Instant startedAt = clock.instant();
        IngestPipeline pipeline = live.forReplay();
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = StreamReader.environment(broker, config, loops)) {
            pipeline.start();
            Progress progress = new Progress(stream, pipeline, pipeline.begin(0, first, 0), place);
            try (Consumer consumer = progress.consume(environment, from)) {
                LOG.debugf("event=replay_started consumer=%s end=%d", consumer, place.firstToRead());
                await(progress);
            }
        } catch (StreamException e) {
            throw new Failure.Unavailable(
                    "RABBITMQ_URL, RABBITMQ_STREAM_PORT: the stream %s cannot be read (expected: a broker that answers on both ports)"
                            .formatted(stream.name()),
                    STALL_MAX,
                    e);
        } finally {
            pipeline.stop();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
        }
        return report(pipeline, startedAt);
    }

    private void await(Progress progress) throws InterruptedException {
        long seen = -1;
        Instant movedAt = clock.instant();
        while (!progress.isDone()) {
            long now = progress.moved();
            if (now != seen) {
                seen = now;
                movedAt = clock.instant();
            } else if (clock.instant().isAfter(movedAt.plus(STALL_MAX))) {
                throw new Failure.Unavailable(
                        "the replay stands still at %d messages read, %d committed (expected: progress within %s)"
                                .formatted(progress.offered.get(), progress.settled.get(), STALL_MAX),
                        STALL_MAX,
                        null);
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private Report report(IngestPipeline pipeline, Instant startedAt) {
        return jdbi.withHandle(handle -> handle.createQuery(SUMS)
                .bind("replica", pipeline.replica())
                .bind("startedAt", startedAt)
                .map(row -> new Report(
                        row.getColumn("first_offset", Long.class),
                        row.getColumn("last_offset", Long.class),
                        row.getColumn("batches", Long.class),
                        row.getColumn("received", Long.class),
                        row.getColumn("stored", Long.class),
                        row.getColumn("duplicates", Long.class),
                        row.getColumn("conflicts", Long.class),
                        row.getColumn("dead_lettered", Long.class)))
                .one());
    }

    /** Hands messages below the end to the writers and counts them until all are committed. */
    private final class Progress {

        private final StreamId stream;
        private final IngestPipeline pipeline;
        private final long generation;
        private final long base;
        private final long end;
        private final StreamCredit credit = new StreamCredit(
                config.stream().bufferMessages(), config.stream().bufferBytes());
        private final AtomicLong offered = new AtomicLong();
        private final AtomicLong settled = new AtomicLong();
        private volatile boolean read;

        Progress(StreamId stream, IngestPipeline pipeline, long generation, StreamPlace place) {
            this.stream = stream;
            this.pipeline = pipeline;
            this.generation = generation;
            this.base = place.base();
            this.end = place.firstToRead();
        }

        Consumer consume(Environment environment, OffsetSpecification from) {
            return environment.consumerBuilder().stream(stream.name())
                    .offset(from)
                    .flow()
                    .strategy(credit)
                    .builder()
                    .messageHandler(this::message)
                    .build();
        }

        private void message(MessageHandler.Context context, Message message) {
            long offset = base + context.offset();
            if (offset < end) {
                RawMessage raw = StreamReader.raw(context, message, credit, base);
                offered.incrementAndGet();
                pipeline.offer(
                        generation,
                        new RawMessage(
                                raw.body(), raw.offset(), raw.publishedAt(), raw.messageId(), raw.traceParent(), () -> {
                                    raw.settlement().committed();
                                    settled.incrementAndGet();
                                }));
            }
            if (offset >= end - 1) {
                read = true;
            }
        }

        boolean isDone() {
            return read && settled.get() == offered.get();
        }

        long moved() {
            return offered.get() + settled.get();
        }
    }
}

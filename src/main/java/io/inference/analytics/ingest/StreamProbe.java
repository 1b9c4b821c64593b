package io.inference.analytics.ingest;

import com.rabbitmq.stream.Consumer;
import com.rabbitmq.stream.ConsumerFlowStrategy;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.Resource;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/**
 * Looks at single places of the stream, each time with a consumer that gets one chunk and no more. Offsets are the broker's.
 *
 * <p>A broker that answers late looks like an empty stream, so an answer that must exist and does not come is an error and not an
 * empty one.
 */
final class StreamProbe {

    private static final Logger LOG = Logger.getLogger(StreamProbe.class);
    private static final Duration SILENCE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** A message of the stream. */
    record Seen(long offset, Instant publishedAt) {}

    private final Environment environment;
    private final StreamId stream;

    StreamProbe(Environment environment, StreamId stream) {
        this.environment = environment;
        this.stream = stream;
    }

    StreamId stream() {
        return stream;
    }

    /**
     * The offset that the next message will get: one after the last; 0 for an empty stream, or if nothing comes for a moment.
     *
     * @throws IOException when the connection is lost meanwhile
     */
    long end() throws IOException, InterruptedException {
        return end(SILENCE);
    }

    /** The same, waiting longer for a first message. */
    long end(Duration silence) throws IOException, InterruptedException {
        AtomicLong highest = new AtomicLong(-1);
        AtomicBoolean cut = new AtomicBoolean();
        try (Consumer probe = environment.consumerBuilder().stream(stream.name())
                .offset(OffsetSpecification.last())
                .flow()
                .strategy(new OneChunk())
                .builder()
                // A lost connection is silent as well: the client only tries to get it back.
                .listeners(change -> cut.compareAndSet(false, change.currentState() == Resource.State.RECOVERING))
                .messageHandler((context, message) -> highest.accumulateAndGet(context.offset(), Math::max))
                .build()) {
            long before;
            do {
                before = highest.get();
                TimeUnit.MILLISECONDS.sleep(silence.toMillis());
            } while (highest.get() != before);
            LOG.tracef("event=stream_end_probed probe=%s", probe);
        }
        if (cut.get()) {
            throw new IOException("the connection was lost while stream %s was looked at".formatted(stream.name()));
        }
        return highest.get() + 1;
    }

    /**
     * The first message that the stream still has.
     *
     * @throws IOException when none comes in time
     */
    Seen first() throws IOException, InterruptedException {
        return at(OffsetSpecification.first())
                .orElseThrow(() -> new IOException(
                        "the first message of stream %s did not come within %s".formatted(stream.name(), PATIENCE)));
    }

    /**
     * The message at the offset, or the first one after it; there must be one.
     *
     * @throws IOException when none comes in time
     */
    Seen from(long offset) throws IOException, InterruptedException {
        return at(OffsetSpecification.offset(offset))
                .orElseThrow(() -> new IOException("the message at offset %d of stream %s did not come within %s"
                        .formatted(offset, stream.name(), PATIENCE)));
    }

    private Optional<Seen> at(OffsetSpecification place) throws InterruptedException {
        AtomicReference<Seen> first = new AtomicReference<>();
        CountDownLatch seen = new CountDownLatch(1);
        try (Consumer probe = environment.consumerBuilder().stream(stream.name())
                .offset(place)
                .flow()
                .strategy(new OneChunk())
                .builder()
                .messageHandler((context, message) -> {
                    first.compareAndSet(null, new Seen(context.offset(), Instant.ofEpochMilli(context.timestamp())));
                    seen.countDown();
                })
                .build()) {
            if (!seen.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debugf("event=stream_silent probe=%s", probe);
            }
        }
        return Optional.ofNullable(first.get());
    }

    /** Credit for one chunk. With more, a probe of a busy stream would read on for as long as it is open. */
    private static final class OneChunk implements ConsumerFlowStrategy {

        @Override
        public int initialCredits() {
            return 1;
        }

        @Override
        public MessageProcessedCallback start(Context context) {
            return message -> {};
        }
    }
}

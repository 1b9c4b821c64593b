package io.inference.analytics.ingest;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.stream.Address;
import com.rabbitmq.stream.Consumer;
import com.rabbitmq.stream.ConsumerFlowStrategy;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.EnvironmentBuilder;
import com.rabbitmq.stream.Message;
import com.rabbitmq.stream.MessageHandler;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.StreamException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * Reads the stream from the position in the database while this replica holds the lease.
 *
 * <p>The broker sends only as many chunks as we gave credit for, and a chunk's credit returns when its messages are committed.
 * That bounds the buffer. After a lost connection the client resumes by itself. A lost lease, a fenced commit or an error ends
 * the session, and the next one starts from the position that is committed by then.
 */
final class StreamReader implements TransportReader {

    private static final Logger LOG = Logger.getLogger(StreamReader.class);
    private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PROBE_SILENCE = Duration.ofMillis(200);

    /** How long to wait, each time, before a stream counts as made again, which stops the service. */
    private static final List<Duration> DOUBTS =
            List.of(Duration.ofMillis(500), Duration.ofSeconds(2), Duration.ofSeconds(5));

    /** The position in the database lies beyond the end of the stream, so the stream was deleted and made again. */
    static final class BeyondEnd extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BeyondEnd(long nextOffset, long end) {
            super(
                    "stored offset %d of stream %s lies beyond its end %d: the stream was made again; set next_offset in analytics.ingestion_positions to 0 once that is certain"
                            .formatted(nextOffset, BrokerTopology.STREAM, end));
        }
    }

    private final IngestPipeline pipeline;
    private final StreamPosition position;
    private final BrokerTopology.Preparation preparation;
    private final BrokerSettings broker;
    private final IngestConfig config;
    private final FatalErrors fatal;
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "ingest-stream-reader");
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicLong endOffset = new AtomicLong();

    private volatile boolean stopping;
    private volatile boolean reading;
    private volatile Instant reachableAt;

    /** Since when something may wait unread because no session is up; null while reading, or while another replica reads. */
    private volatile Instant blindSince;

    StreamReader(
            IngestPipeline pipeline,
            StreamPosition position,
            BrokerTopology.Preparation preparation,
            BrokerSettings broker,
            IngestConfig config,
            FatalErrors fatal,
            Clock clock) {
        this.pipeline = pipeline;
        this.position = position;
        this.preparation = preparation;
        this.broker = broker;
        this.config = config;
        this.fatal = fatal;
        this.clock = clock;
    }

    @Override
    public void start() {
        blindSince = clock.instant();
        thread.start();
    }

    @Override
    public void stop() {
        stopping = true;
        thread.interrupt();
        try {
            // When the lease is given back, another replica need not wait until it runs out.
            if (!stopped.await(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warnf("event=stream_reader_still_stopping after_ms=%d", STOP_PATIENCE.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop();
        thread.join(CLOSE_PATIENCE.toMillis());
    }

    @Override
    public BrokerView view() {
        long backlog = reading ? Math.max(0, endOffset.get() - pipeline.expectedOffset()) : 0;
        Instant blind = blindSince;
        return new BrokerView(
                reading,
                reachableAt,
                blind == null ? pipeline.oldestUncommittedAt().orElse(null) : blind,
                backlog);
    }

    private void run() {
        while (!stopping) {
            try {
                preparation.run();
                reachableAt = clock.instant();
                session();
            } catch (InterruptedException e) {
                break;
            } catch (BrokerTopology.Mismatch | BeyondEnd e) {
                fatal.stop(e.getMessage());
                break;
            } catch (Exception e) {
                LOG.warnf("event=stream_session_ended cause=%s", e);
            }
            reading = false;
            pause(RETRY_DELAY);
        }
        reading = false;
        stopped.countDown();
    }

    private void pause(Duration duration) {
        if (stopping) {
            return;
        }
        try {
            TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            stopping = true;
        }
    }

    /** From taking the lease to losing it. */
    private void session() throws Exception {
        Duration lease = config.stream().lease();
        var granted = position.acquire(pipeline.replica(), lease);
        if (granted.isEmpty()) {
            LOG.debug("event=stream_standby");
            blindSince = null;
            return;
        }
        long epoch = granted.get().epoch();
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = environment(broker, config, loops)) {
            OptionalLong stored = granted.get().nextOffset();
            long firstToRead = stored.orElse(0);
            long end = endNotBefore(environment, firstToRead);
            if (end == 0 && keptMessages() > 0) {
                throw new IOException("the end of stream %s did not come in time".formatted(BrokerTopology.STREAM));
            }
            endOffset.set(end);
            long generation = pipeline.begin(epoch, firstToRead, firstOf(environment));
            LOG.infof("event=stream_reading epoch=%d from_offset=%d end=%d", epoch, firstToRead, end);
            reading = true;
            blindSince = null;
            try (Consumer consumer = consumer(environment, generation, firstToRead)) {
                keep(environment, consumer, generation, epoch, lease);
            }
        } finally {
            if (reading) {
                blindSince = pipeline.oldestUncommittedAt().orElse(clock.instant());
            }
            reading = false;
            pipeline.begin(0, 0, 0);
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
            // An interrupt that came too late to be noticed must not keep the lease.
            if (Thread.interrupted()) {
                stopping = true;
            }
            position.release(pipeline.replica(), epoch);
        }
    }

    private void keep(Environment environment, Consumer consumer, long generation, long epoch, Duration lease)
            throws Exception {
        long renewMillis = Math.max(100, lease.toMillis() / 3);
        while (!stopping && !pipeline.isFenced(generation)) {
            TimeUnit.MILLISECONDS.sleep(renewMillis);
            if (!position.renew(pipeline.replica(), epoch, lease)) {
                LOG.warnf("event=lease_lost epoch=%d", epoch);
                return;
            }
            long end = endOf(environment);
            endOffset.accumulateAndGet(end, Math::max);
            reachableAt = clock.instant();
            LOG.tracef("event=stream_kept consumer=%s end=%d", consumer, end);
        }
    }

    static Environment environment(BrokerSettings broker, IngestConfig config, EventLoopGroup loops) {
        BrokerUrl url = BrokerUrl.parse(broker.url());
        Address address = new Address(url.host(), config.stream().port());
        EnvironmentBuilder builder = Environment.builder();
        if (url.tls()) {
            // As for the broker's other port: certificates that this JVM trusts.
            builder = builder.tls().environmentBuilder();
        }
        builder = builder.host(address.host())
                .port(address.port())
                .username(url.username())
                .password(url.password())
                .virtualHost(url.virtualHost())
                // The broker advertises a name that may be unknown here (containers, loopback), so we keep to the
                // setting's.
                .addressResolver(advertised -> address)
                .rpcTimeout(PROBE_PATIENCE)
                .netty()
                .eventLoopGroup(loops)
                .environmentBuilder();
        try {
            return builder.build();
        } catch (StreamException e) {
            throw new StreamException(
                    "RABBITMQ_URL, RABBITMQ_STREAM_PORT: no connection to the stream listener at %s:%d: %s"
                            .formatted(address.host(), address.port(), e.getMessage()),
                    e);
        }
    }

    private Consumer consumer(Environment environment, long generation, long firstToRead) {
        StreamCredit credit = new StreamCredit(
                config.stream().bufferMessages(), config.stream().bufferBytes());
        return environment.consumerBuilder().stream(BrokerTopology.STREAM)
                .offset(OffsetSpecification.offset(firstToRead))
                .flow()
                .strategy(credit)
                .builder()
                .messageHandler((context, message) -> pipeline.offer(generation, raw(context, message, credit)))
                .build();
    }

    static RawMessage raw(MessageHandler.Context context, Message message, StreamCredit credit) {
        byte[] body = body(message);
        credit.received(body.length);
        return new RawMessage(
                body,
                context.offset(),
                Instant.ofEpochMilli(context.timestamp()),
                messageId(message),
                traceParent(message),
                () -> credit.committed(body.length));
    }

    /** AMQP 1.0 and other stream clients may send a text instead of bytes; anything else can only become a dead letter. */
    private static byte[] body(Message message) {
        try {
            byte[] bytes = message.getBodyAsBinary();
            return bytes == null ? new byte[0] : bytes;
        } catch (RuntimeException e) {
            // An exception would make the client pass over the message.
            return String.valueOf(message.getBody()).getBytes(StandardCharsets.UTF_8);
        }
    }

    private static String messageId(Message message) {
        Object id =
                message.getProperties() == null ? null : message.getProperties().getMessageId();
        if (id instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        return id == null ? "" : id.toString();
    }

    private static String traceParent(Message message) {
        Object value = message.getApplicationProperties() == null
                ? null
                : message.getApplicationProperties().get("traceparent");
        return value == null ? "" : value.toString();
    }

    /**
     * The end of the stream, which must not lie before what was read already. A broker that answers late looks like an empty
     * stream, so the end counts only after further looks, each with a longer wait.
     */
    private long endNotBefore(Environment environment, long nextOffset) throws InterruptedException {
        long end = endOf(environment);
        for (Duration silence : DOUBTS) {
            if (end >= nextOffset) {
                return end;
            }
            LOG.infof("event=stream_end_doubted next_offset=%d end=%d", nextOffset, end);
            end = Math.max(end, probe(environment, OffsetSpecification.last(), silence) + 1);
        }
        if (end < nextOffset) {
            throw new BeyondEnd(nextOffset, end);
        }
        return end;
    }

    /** By the broker's own count: a stream that sends nothing may be slow and not empty. */
    private long keptMessages() throws IOException, TimeoutException {
        try (Connection connection = broker.connect("analytics-stream-look");
                Channel channel = connection.createChannel()) {
            return channel.queueDeclarePassive(BrokerTopology.STREAM).getMessageCount();
        }
    }

    /** The offset that the next message will get: one after the last; 0 for an empty stream. */
    private long endOf(Environment environment) throws InterruptedException {
        return probe(environment, OffsetSpecification.last(), PROBE_SILENCE) + 1;
    }

    /** The first offset that is still there; 0 for an empty stream. */
    private long firstOf(Environment environment) throws InterruptedException {
        AtomicLong first = new AtomicLong(-1);
        CountDownLatch seen = new CountDownLatch(1);
        try (Consumer probe = environment.consumerBuilder().stream(BrokerTopology.STREAM)
                .offset(OffsetSpecification.first())
                .flow()
                .initialCredits(1)
                .strategy(ConsumerFlowStrategy.creditOnProcessedMessageCount(1, 1.0))
                .builder()
                .messageHandler((context, message) -> {
                    first.compareAndSet(-1, context.offset());
                    seen.countDown();
                })
                .build()) {
            if (!seen.await(PROBE_SILENCE.toMillis() * 2, TimeUnit.MILLISECONDS)) {
                LOG.tracef("event=stream_empty probe=%s", probe);
            }
        }
        return Math.max(0, first.get());
    }

    /** The highest offset that arrives when reading from the given place until nothing comes for a moment; -1 if nothing does. */
    private long probe(Environment environment, OffsetSpecification from, Duration silence)
            throws InterruptedException {
        AtomicLong highest = new AtomicLong(-1);
        try (Consumer probe = environment.consumerBuilder().stream(BrokerTopology.STREAM)
                .offset(from)
                .messageHandler((context, message) -> highest.accumulateAndGet(context.offset(), Math::max))
                .build()) {
            Instant giveUp = clock.instant().plus(PROBE_PATIENCE);
            long before;
            do {
                before = highest.get();
                TimeUnit.MILLISECONDS.sleep(silence.toMillis());
            } while (highest.get() != before && clock.instant().isBefore(giveUp));
            LOG.tracef("event=stream_probed probe=%s", probe);
        }
        return highest.get();
    }
}

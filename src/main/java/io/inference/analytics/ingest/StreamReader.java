package io.inference.analytics.ingest;

import com.rabbitmq.stream.Address;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.EnvironmentBuilder;
import com.rabbitmq.stream.Message;
import com.rabbitmq.stream.MessageHandler;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.Resource;
import com.rabbitmq.stream.StreamException;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.platform.NetworkCause;
import io.inference.analytics.settings.BrokerUrl;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Reads the stream from the position in the database while this replica holds the lease.
 *
 * <p>The broker sends only as many chunks as we gave credit for, and a chunk's credit returns when its messages are committed.
 * That bounds the buffer. A lost connection, a lost lease, a fenced commit or an error ends the session. The next one checks that
 * the stream is still the same, and starts from the position that is committed by then.
 */
final class StreamReader implements TransportReader {

    private static final Logger LOG = Logger.getLogger(StreamReader.class);
    private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
    private static final Duration RPC_PATIENCE = Duration.ofSeconds(5);

    /** When to try for the lease, where not every replica is to try for each. */
    interface Turn {

        /** Whether to try now; if so, {@link #ended} follows. */
        boolean begins();

        /** Whether to keep the lease. */
        boolean goesOn();

        /**
         * After a try.
         *
         * @param read whether something could be read; empty when the lease was not granted
         */
        void ended(Optional<Boolean> read);

        /** Whether it is known that no replica reads the stream. */
        boolean isUnread();
    }

    /** For the one stream every replica tries to get the lease. */
    static final Turn ALWAYS = new Turn() {
        @Override
        public boolean begins() {
            return true;
        }

        @Override
        public boolean goesOn() {
            return true;
        }

        @Override
        public void ended(Optional<Boolean> read) {}

        @Override
        public boolean isUnread() {
            return false;
        }
    };

    private static final Duration TURN_LOOK = Duration.ofMillis(200);

    private final IngestPipeline pipeline;
    private final StreamPosition position;
    private final Turn turn;
    private final BrokerTopology.Preparation preparation;
    private final BrokerSettings broker;
    private final IngestConfig config;
    private final StreamCheck check;
    private final Consumer<String> refused;
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "ingest-stream-reader");
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicLong endOffset = new AtomicLong();

    private volatile boolean stopping;
    private volatile boolean reading;
    private volatile Instant reachableAt;

    /** Whether the last session read; empty when it had no lease. */
    private Optional<Boolean> read = Optional.empty();

    /** Since when something may wait unread because no session is up; null while reading, or while another replica reads. */
    private volatile Instant blindSince;

    StreamReader(
            IngestPipeline pipeline,
            Turn turn,
            BrokerTopology.Preparation preparation,
            BrokerSettings broker,
            IngestConfig config,
            StreamCheck check,
            Consumer<String> refused,
            Clock clock) {
        this.pipeline = pipeline;
        this.position = pipeline.position();
        this.turn = turn;
        this.preparation = preparation;
        this.broker = broker;
        this.config = config;
        this.check = check;
        this.refused = refused;
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
        long backlog = reading ? pipeline.uncommittedBefore(endOffset.get()) : 0;
        Instant blind = blindSince;
        return new BrokerView(
                reading,
                reachableAt,
                blind == null ? pipeline.oldestUncommittedAt().orElse(null) : blind,
                backlog);
    }

    private void run() {
        while (!stopping) {
            boolean begins = turn.begins();
            if (turn.isUnread()) {
                blindSince = Optional.ofNullable(blindSince).orElseGet(clock::instant);
            } else if (!begins) {
                blindSince = null;
            }
            if (!begins) {
                pause(TURN_LOOK);
                continue;
            }
            read = Optional.empty();
            try {
                preparation.run();
                reachableAt = clock.instant();
                session();
            } catch (InterruptedException e) {
                break;
            } catch (BrokerTopology.Mismatch | OtherStream e) {
                refused.accept(e.getMessage());
                break;
            } catch (Exception | Error e) {
                // The stop interrupts a call to the broker, which then fails in one of many ways.
                LOG.logf(stopping ? Logger.Level.DEBUG : Logger.Level.WARN, "event=stream_session_ended cause=%s", e);
            } finally {
                turn.ended(read);
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
        read = Optional.of(false);
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = environment(broker, config, loops)) {
            StreamPlace place = granted.get().place();
            StreamProbe probe = new StreamProbe(environment, position.stream());
            StreamCheck.Extent extent = check.check(probe, place);
            long base = place.base();
            long firstToRead = place.firstToRead();
            endOffset.set(base + extent.end());
            long generation = pipeline.begin(epoch, firstToRead, base + extent.first(), place.ahead());
            LOG.infof(
                    "event=stream_reading stream=%s epoch=%d from_offset=%d end=%d base=%d",
                    position.stream().name(), epoch, firstToRead, base + extent.end(), base);
            reading = true;
            blindSince = null;
            CountDownLatch session = new CountDownLatch(1);
            try (var consumer = consumer(environment, generation, place, session)) {
                LOG.tracef("event=stream_consumer consumer=%s", consumer);
                read = Optional.of(true);
                try {
                    keep(probe, session, generation, granted.get());
                } finally {
                    noteInterrupt();
                }
            }
        } finally {
            if (reading) {
                blindSince = pipeline.oldestUncommittedAt().orElse(clock.instant());
            }
            reading = false;
            pipeline.begin(0, 0, 0);
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
            noteInterrupt();
            position.release(pipeline.replica(), epoch);
        }
    }

    /** An interrupt that came too late to be noticed must neither break the farewell to the broker nor keep the lease. */
    private void noteInterrupt() {
        if (Thread.interrupted()) {
            stopping = true;
        }
    }

    private void keep(StreamProbe probe, CountDownLatch session, long generation, StreamPosition.Lease lease)
            throws Exception {
        Duration length = config.stream().lease();
        long renewMillis = Math.max(100, length.toMillis() / 3);
        long base = lease.place().base();
        while (!stopping && !pipeline.isFenced(generation)) {
            if (!turn.goesOn()) {
                LOG.infof(
                        "event=stream_given_back stream=%s epoch=%d",
                        position.stream().name(), lease.epoch());
                return;
            }
            if (session.await(renewMillis, TimeUnit.MILLISECONDS)) {
                LOG.warnf("event=stream_cut epoch=%d", lease.epoch());
                return;
            }
            if (pipeline.queues().isToBeReadAgain()) {
                LOG.infof("event=stream_read_again epoch=%d", lease.epoch());
                return;
            }
            if (!position.renew(pipeline.replica(), lease.epoch(), length)) {
                LOG.warnf("event=lease_lost epoch=%d", lease.epoch());
                return;
            }
            endOffset.accumulateAndGet(base + probe.end(), Math::max);
            noteFirst(probe, generation, base);
            reachableAt = clock.instant();
            LOG.tracef("event=stream_kept end=%d", endOffset.get());
        }
    }

    /** Retention goes on while we read; a look that fails is made again with the next renewal. */
    private void noteFirst(StreamProbe probe, long generation, long base) throws InterruptedException {
        if (endOffset.get() == base) {
            return;
        }
        try {
            long first = base + probe.first().offset();
            pipeline.source(generation).ifPresent(source -> source.begins(first));
        } catch (IOException e) {
            LOG.debugf("event=stream_first_not_seen cause=%s", e.getMessage());
        }
    }

    /** The first of the broker's hosts that lets us in; the last one's refusal where none does. */
    static Environment environment(BrokerSettings broker, IngestConfig config, EventLoopGroup loops) {
        BrokerUrl url = BrokerUrl.parse(broker.url());
        StreamException refusal = null;
        for (BrokerUrl.Host host : url.hosts()) {
            Address address = new Address(host.name(), config.stream().port());
            try {
                return environment(url, address, loops);
            } catch (StreamException e) {
                refusal = new StreamException(
                        "RABBITMQ_URL, RABBITMQ_STREAM_PORT: no connection to the stream listener at %s:%d: %s"
                                .formatted(address.host(), address.port(), reason(e)),
                        e);
            }
        }
        throw refusal;
    }

    private static String reason(StreamException e) {
        if (e.getCause() == null) {
            return LogText.plain(String.valueOf(e.getMessage()));
        }
        String cause = NetworkCause.of(e);
        return cause.contains("(expected: ")
                ? cause
                : cause + " (expected: the port of the plugin rabbitmq_stream, or INGESTION_TRANSPORT=queue)";
    }

    private static Environment environment(BrokerUrl url, Address address, EventLoopGroup loops) {
        Set<String> hosts = url.hosts().stream().map(BrokerUrl.Host::name).collect(Collectors.toSet());
        EnvironmentBuilder builder = Environment.builder();
        if (url.tls()) {
            // As for the broker's other port: certificates that this JVM trusts.
            builder = builder.tls().environmentBuilder();
        }
        return builder.host(address.host())
                .port(address.port())
                .username(url.username())
                .password(url.password())
                .virtualHost(url.virtualHost())
                // The broker may advertise a name or port that is unknown here (containers, TLS proxies): only the
                // setting's names and port are used.
                .addressResolver(advertised ->
                        hosts.contains(advertised.host()) ? new Address(advertised.host(), address.port()) : address)
                .rpcTimeout(RPC_PATIENCE)
                .netty()
                .eventLoopGroup(loops)
                .environmentBuilder()
                .build();
    }

    /**
     * Hands messages to the pipeline until the connection is lost. The client would go on by itself where it was; but the stream may
     * have been replaced meanwhile, so the next session looks at it first.
     */
    private AutoCloseable consumer(
            Environment environment, long generation, StreamPlace place, CountDownLatch session) {
        StreamCredit credit = pipeline.credit();
        return environment.consumerBuilder().stream(position.stream().name())
                .offset(OffsetSpecification.offset(place.firstAtBroker()))
                .flow()
                .strategy(credit)
                .builder()
                .listeners(change -> {
                    if (change.currentState() == Resource.State.RECOVERING) {
                        session.countDown();
                    }
                })
                .messageHandler((context, message) -> {
                    if (session.getCount() > 0) {
                        pipeline.offer(generation, raw(context, message, credit, place.base()));
                    }
                })
                .build();
    }

    /** The message with its offset in the books. */
    static RawMessage raw(MessageHandler.Context context, Message message, StreamCredit credit, long base) {
        byte[] body = body(message);
        credit.received(body.length);
        return new RawMessage(
                body,
                base + context.offset(),
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
}

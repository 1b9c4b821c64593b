package io.inference.analytics.ingest;

import com.rabbitmq.stream.Consumer;
import com.rabbitmq.stream.ConsumerFlowStrategy;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.Resource;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Which partitions of the super stream this replica reads. The broker decides: of the consumers of a group it makes one the active
 * one of each partition (single active consumer), divides the partitions among them, and chooses again when one goes or comes.
 *
 * <p>The consumer of the group only stands for this replica and takes no message. The partition's own reader begins when its turn
 * comes, under the lease of the partition. So two replicas that both believe to have the turn cannot both commit.
 *
 * <p>On failure: after a lost connection the broker has chosen others, so no turn holds, and a new session asks again.
 */
final class PartitionElection {

    /** The name of the group at the broker. */
    static final String GROUP = "analytics";

    private static final Logger LOG = Logger.getLogger(PartitionElection.class);
    private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final BrokerTopology.Preparation preparation;
    private final BrokerSettings broker;
    private final IngestConfig config;
    private final java.util.function.Consumer<String> refused;
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "ingest-partition-election");
    private final Map<String, Boolean> active = new ConcurrentHashMap<>();
    private final Map<String, Runnable> ends = new ConcurrentHashMap<>();

    private volatile boolean stopping;
    private volatile boolean known;
    private volatile Instant reachableAt;

    PartitionElection(
            BrokerTopology.Preparation preparation,
            BrokerSettings broker,
            IngestConfig config,
            java.util.function.Consumer<String> refused,
            Clock clock) {
        this.preparation = preparation;
        this.broker = broker;
        this.config = config;
        this.refused = refused;
        this.clock = clock;
    }

    void start() {
        thread.start();
    }

    /** Gives all turns back. */
    void stop() throws InterruptedException {
        stopping = true;
        thread.interrupt();
        thread.join(STOP_PATIENCE.toMillis());
    }

    /** When the broker last answered; null = never yet. */
    Instant reachableAt() {
        return reachableAt;
    }

    /** The turn at a partition. */
    StreamReader.Turn at(StreamId partition) {
        String name = partition.name();
        return new StreamReader.Turn() {
            @Override
            public Optional<Boolean> isOurs() {
                return known ? Optional.of(active.getOrDefault(name, false)) : Optional.empty();
            }

            @Override
            public void onEnd(Runnable end) {
                ends.put(name, end);
            }
        };
    }

    private void run() {
        while (!stopping) {
            try {
                preparation.run();
                session();
            } catch (InterruptedException e) {
                return;
            } catch (BrokerTopology.Mismatch | OtherStream e) {
                refused.accept(e.getMessage());
                return;
            } catch (Exception e) {
                LOG.logf(stopping ? Logger.Level.DEBUG : Logger.Level.WARN, "event=election_ended cause=%s", e);
            } finally {
                known = false;
                active.keySet().forEach(this::lose);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(RETRY_DELAY.toMillis());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void session() throws IOException, InterruptedException {
        CountDownLatch cut = new CountDownLatch(1);
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = StreamReader.environment(broker, config, loops);
                Consumer consumer = consumer(environment, cut)) {
            LOG.debugf("event=election_begun consumer=%s", consumer);
            do {
                if (!environment.streamExists(BrokerTopology.STREAM + "-0")) {
                    throw new IOException(
                            "the super stream %s has lost its partitions".formatted(BrokerTopology.STREAM));
                }
                reachableAt = clock.instant();
                known = true;
            } while (!stopping && !cut.await(LOOK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
        }
    }

    private Consumer consumer(Environment environment, CountDownLatch cut) {
        return environment
                .consumerBuilder()
                .superStream(BrokerTopology.STREAM)
                .name(GROUP)
                .singleActiveConsumer()
                .consumerUpdateListener(context -> {
                    if (context.isActive()) {
                        LOG.infof("event=partition_gained stream=%s", context.stream());
                        active.put(context.stream(), true);
                    } else {
                        lose(context.stream());
                    }
                    return OffsetSpecification.next();
                })
                .noTrackingStrategy()
                .flow()
                .strategy(new NoMessages())
                .builder()
                .listeners(change -> {
                    if (change.currentState() != Resource.State.OPEN
                            && change.currentState() != Resource.State.OPENING) {
                        cut.countDown();
                    }
                })
                .messageHandler((context, message) -> {})
                .build();
    }

    private void lose(String stream) {
        if (Boolean.TRUE.equals(active.put(stream, false))) {
            LOG.infof("event=partition_lost stream=%s", stream);
            Runnable end = ends.get(stream);
            if (end != null) {
                end.run();
            }
        }
    }

    /** Without credit the broker sends nothing. */
    private static final class NoMessages implements ConsumerFlowStrategy {

        @Override
        public int initialCredits() {
            return 0;
        }

        @Override
        public MessageProcessedCallback start(Context context) {
            return message -> {};
        }
    }
}

package io.inference.analytics.ingest;

import io.inference.analytics.ingest.PartitionShare.Seen;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Reads this replica's share of the partitions of the super stream, each with a reader and a pipeline of its own.
 *
 * <p>Two threads look on: one asks the database who reads what, the other asks the broker whether it answers, and declares what an
 * old replica with other settings may have unbound. On failure: without the database no lease is tried for, and the broker's
 * silence shows in the view.
 */
final class PartitionsReader implements TransportReader {

    private static final Logger LOG = Logger.getLogger(PartitionsReader.class);
    private static final Duration LEASES_LOOK = Duration.ofSeconds(1);
    private static final Duration BROKER_LOOK = Duration.ofSeconds(5);

    /** Each n-th look at the broker declares everything again. */
    private static final int DECLARE_EVERY = 12;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    /** Makes the reader of a partition. */
    @FunctionalInterface
    interface Factory {
        StreamReader of(StreamId partition, StreamReader.Turn turn);
    }

    private final Map<StreamId, StreamReader> readers = new LinkedHashMap<>();
    private final PartitionShare share;
    private final String replica;
    private final StreamPosition position;
    private final BrokerTopology topology;
    private final Duration lease;
    private final Consumer<String> refused;
    private final Clock clock;
    private final Thread leases = new Thread(this::lookAtLeases, "ingest-partition-leases");
    private final Thread broker = new Thread(this::lookAtBroker, "ingest-partition-broker");

    private volatile boolean stopping;
    private volatile Instant reachableAt;

    PartitionsReader(
            List<StreamId> partitions,
            Factory factory,
            IngestPipeline pipeline,
            BrokerTopology topology,
            Duration lease,
            Consumer<String> refused,
            Clock clock) {
        this.replica = pipeline.replica();
        this.share = new PartitionShare(replica, partitions, System::nanoTime);
        this.position = pipeline.position();
        this.topology = topology;
        this.lease = lease;
        this.refused = refused;
        this.clock = clock;
        for (StreamId partition : partitions) {
            readers.put(partition, factory.of(partition, turn(partition)));
        }
    }

    private StreamReader.Turn turn(StreamId partition) {
        return new StreamReader.Turn() {
            @Override
            public boolean begins() {
                return share.begins(partition);
            }

            @Override
            public boolean goesOn() {
                return share.goesOn(partition);
            }

            @Override
            public void ended(Optional<Boolean> read) {
                share.ended(partition, read);
            }

            @Override
            public boolean isUnread() {
                return share.isUnread(partition);
            }
        };
    }

    @Override
    public void start() {
        leases.start();
        broker.start();
        readers.values().forEach(StreamReader::start);
    }

    @Override
    public void stop() {
        stopping = true;
        leases.interrupt();
        broker.interrupt();
        List<Thread> stops = new ArrayList<>();
        for (StreamReader reader : readers.values()) {
            Thread stop = new Thread(reader::stop, "ingest-partition-stop");
            stop.start();
            stops.add(stop);
        }
        try {
            for (Thread stop : stops) {
                stop.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        for (StreamReader reader : readers.values()) {
            reader.close();
        }
        leases.join(STOP_PATIENCE.toMillis());
        broker.join(STOP_PATIENCE.toMillis());
    }

    /**
     * Reads when it reads a partition; the backlog and the age are those of all that it reads, and of those that no replica reads.
     * What several of them know of the broker shows in {@link #parts}.
     */
    @Override
    public BrokerView view() {
        List<BrokerView> views =
                readers.values().stream().map(StreamReader::view).toList();
        return new BrokerView(
                views.stream().anyMatch(BrokerView::reads),
                Stream.concat(
                                Stream.ofNullable(reachableAt),
                                times(views.stream().map(BrokerView::reachableAt)))
                        .max(Instant::compareTo)
                        .orElse(null),
                times(views.stream().map(BrokerView::oldestUncommittedAt))
                        .min(Instant::compareTo)
                        .orElse(null),
                views.stream().mapToLong(BrokerView::backlogMessages).sum());
    }

    @Override
    public Map<String, BrokerView> parts() {
        Map<String, BrokerView> parts = new LinkedHashMap<>();
        readers.forEach((partition, reader) -> {
            BrokerView view = reader.view();
            // Without reading, its own word says when the replica could begin to.
            Instant answered = share.isAble() ? reachableAt : null;
            parts.put(
                    partition.key(),
                    view.reads()
                            ? view
                            : new BrokerView(false, answered, view.oldestUncommittedAt(), view.backlogMessages()));
        });
        return parts;
    }

    private static Stream<Instant> times(Stream<Instant> some) {
        return some.filter(Objects::nonNull);
    }

    private void lookAtLeases() {
        while (!stopping) {
            try {
                share.look(Optional.of(
                        new Seen(position.heldByOthers(replica), position.readersAlive(readers.keySet(), lease))));
            } catch (Exception | Error e) {
                LOG.logf(stopping ? Logger.Level.DEBUG : Logger.Level.WARN, "event=leases_not_seen cause=%s", e);
                share.look(Optional.empty());
            }
            pause(LEASES_LOOK);
        }
    }

    private void lookAtBroker() {
        for (int look = 0; !stopping; look++) {
            try {
                if (look % DECLARE_EVERY == 0) {
                    topology.declareEach((stream, cause) ->
                            LOG.warnf("event=partition_not_declared stream=%s cause=%s", stream.name(), cause));
                } else {
                    topology.reach();
                }
                reachableAt = clock.instant();
            } catch (BrokerTopology.Mismatch | OtherStream e) {
                refused.accept(e.getMessage());
                return;
            } catch (Exception | Error e) {
                LOG.logf(stopping ? Logger.Level.DEBUG : Logger.Level.WARN, "event=broker_not_reached cause=%s", e);
                // The next look declares.
                look = -1;
            }
            pause(BROKER_LOOK);
        }
    }

    private void pause(Duration duration) {
        try {
            TimeUnit.MILLISECONDS.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            stopping = true;
        }
    }
}

package io.inference.analytics.ingest;

import io.inference.analytics.platform.AdvisoryLock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The configured transport's reader, and next to it what empties other queues or streams after a change of INGESTION_TRANSPORT or
 * INGESTION_STREAM_PARTITIONS.
 *
 * <p>Each look does the following; a failure anywhere leaves everything for the next look:
 *
 * <ol>
 *   <li>under an advisory lock, so that replicas with different settings cannot undo each other half-way: bind our own queue,
 *       then unbind each other one. At any moment one of them takes what is published; what came to both is stored once.
 *   <li>read what another one still holds, through a pipeline of its own, until it is empty. A stream keeps its messages until
 *       retention; it counts as empty when the position has reached its end.
 *   <li>stop reading it. The queue or stream itself stays: deleting it is the operator's choice.
 * </ol>
 *
 * <p>Looks go on as long as another one exists, since an old replica may bind it again, and producers may write to a stream
 * directly.
 */
final class ReaderWithLeftovers implements TransportReader {

    private static final Logger LOG = Logger.getLogger(ReaderWithLeftovers.class);
    private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);

    /** The broker logs an error for each look at a queue that does not exist. */
    private static final Duration ABSENT_LOOK_INTERVAL = Duration.ofMinutes(10);

    private static final Duration RETRY_DELAY = Duration.ofSeconds(5);
    private static final Duration CALM_INTERVAL = Duration.ofMillis(300);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);

    /** Looks in a row that must find nothing, because neither side counts messages that are on their way to us. */
    private static final int CALM_LOOKS = 3;

    private static final String LOCK =
            "set local lock_timeout = '30s'; select pg_advisory_xact_lock(" + AdvisoryLock.TRANSPORTS.key() + ")";

    /** Makes readers; the preparation is run before each of their sessions, and a reader that must not go on says why. */
    @FunctionalInterface
    interface Factory {
        TransportReader of(
                Outlet outlet,
                IngestPipeline pipeline,
                BrokerTopology.Preparation preparation,
                Consumer<String> refused);
    }

    private final TransportReader live;
    private final List<Outlet> own;
    private final IngestPipeline pipeline;
    private final Factory readers;
    private final BrokerTopology topology;
    private final Jdbi jdbi;
    private final Thread thread = new Thread(this::run, "ingest-leftovers");

    private volatile boolean stopping;
    private volatile TransportReader draining;
    private final Map<Outlet, Long> drainedAtMessages = new HashMap<>();

    /**
     * @param live the reader of what is configured
     * @param own what that is
     * @param readers make readers of what is not
     */
    ReaderWithLeftovers(
            TransportReader live,
            List<Outlet> own,
            IngestPipeline pipeline,
            Factory readers,
            BrokerTopology topology,
            Jdbi jdbi) {
        this.live = live;
        this.own = own;
        this.pipeline = pipeline;
        this.readers = readers;
        this.topology = topology;
        this.jdbi = jdbi;
    }

    @Override
    public void start() {
        live.start();
        thread.start();
    }

    @Override
    public void stop() {
        stopping = true;
        live.stop();
        thread.interrupt();
    }

    /**
     * Waits for the end of a drain. The configured reader's connection ends with the process, after its last acknowledgements.
     */
    @Override
    public void close() throws InterruptedException {
        thread.join(STOP_PATIENCE.toMillis());
    }

    /** The configured transport's view, with the backlog and the age of what the other one still holds. */
    @Override
    public BrokerView view() {
        BrokerView own = live.view();
        TransportReader old = draining;
        if (old == null) {
            return own;
        }
        BrokerView theirs = old.view();
        Instant oldest = Stream.of(own, theirs)
                .map(BrokerView::oldestUncommittedAt)
                .filter(at -> at != null)
                .min(Instant::compareTo)
                .orElse(null);
        return new BrokerView(own.reads(), own.reachableAt(), oldest, own.backlogMessages() + theirs.backlogMessages());
    }

    private void run() {
        while (!stopping) {
            Duration pause = LOOK_INTERVAL;
            try {
                pause = lookAtAll();
            } catch (InterruptedException e) {
                return;
            } catch (BrokerTopology.Mismatch | OtherStream e) {
                // The configured reader meets the same one and ends the process.
                return;
            } catch (IOException | TimeoutException | RuntimeException e) {
                LOG.debugf("event=leftovers_not_seen cause=%s", e);
                pause = RETRY_DELAY;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(pause.toMillis());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** @return how long to wait before the next look */
    private Duration lookAtAll() throws InterruptedException, IOException, TimeoutException {
        Duration pause = ABSENT_LOOK_INTERVAL;
        for (Outlet other : others()) {
            OptionalLong messages = takeOver(other);
            if (messages.isPresent()) {
                pause = LOOK_INTERVAL;
                if (mayHoldMore(other, messages.getAsLong())) {
                    drain(other);
                    drainedAtMessages.put(other, messages.getAsLong());
                }
            }
        }
        return pause;
    }

    /** What is not ours, and may ever have been bound. */
    private List<Outlet> others() {
        return Stream.of(
                        Stream.of(Outlet.QUEUE, Outlet.of(StreamId.WHOLE)),
                        pipeline.position().known().stream().map(Outlet::of))
                .flatMap(outlets -> outlets)
                .distinct()
                .filter(outlet -> !own.contains(outlet))
                .toList();
    }

    /** @return messages that the other one holds; empty when it does not exist */
    private OptionalLong takeOver(Outlet other) throws IOException, TimeoutException {
        try (Handle handle = jdbi.open()) {
            handle.begin();
            try {
                handle.execute(LOCK);
                topology.declare();
                return topology.unbind(other);
            } finally {
                handle.rollback();
            }
        }
    }

    /** A stream keeps what was read; only a changed count shows that it may hold more. */
    private boolean mayHoldMore(Outlet other, long messages) {
        return switch (other.transport()) {
            case QUEUE -> messages > 0;
            case STREAM -> messages != drainedAtMessages.getOrDefault(other, -1L);
        };
    }

    private void drain(Outlet other) throws InterruptedException, IOException, TimeoutException {
        IngestPipeline drain = pipeline.forLeftovers(other);
        // A leftover that cannot be read must not end a process that reads its own transport well.
        AtomicReference<String> refusal = new AtomicReference<>();
        // Before each of its sessions too: while it waits or fails, an old replica may have bound the other transport
        // again.
        TransportReader reader = readers.of(other, drain, () -> takeOver(other), refusal::set);
        String name = other.name();
        LOG.infof("event=leftovers_found name=%s", name);
        drain.start();
        reader.start();
        draining = reader;
        try {
            int calm = 0;
            while (calm < CALM_LOOKS && refusal.get() == null) {
                TimeUnit.MILLISECONDS.sleep(CALM_INTERVAL.toMillis());
                calm = isCaughtUp(other, reader) ? calm + 1 : 0;
            }
            if (refusal.get() == null) {
                LOG.infof("event=leftovers_drained name=%s", name);
            } else {
                LOG.errorf("event=leftovers_refused name=%s reason=\"%s\"", name, refusal.get());
            }
        } finally {
            // Also after an interrupt the writers finish what they are committing.
            boolean interrupted = Thread.interrupted();
            reader.stop();
            drain.stop();
            reader.close();
            draining = null;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean isCaughtUp(Outlet other, TransportReader reader) throws IOException, TimeoutException {
        BrokerView view = reader.view();
        if (!view.reads() || view.backlogMessages() > 0 || view.oldestUncommittedAt() != null) {
            return false;
        }
        return switch (other.transport()) {
            case QUEUE -> topology.messages(other.name()).orElse(0) == 0;
            case STREAM -> true;
        };
    }
}

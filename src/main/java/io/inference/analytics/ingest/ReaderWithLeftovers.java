package io.inference.analytics.ingest;

import io.inference.analytics.platform.AdvisoryLock;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * The configured transport's reader, and next to it what empties other queues or streams after a change of INGESTION_TRANSPORT or
 * INGESTION_STREAM_PARTITIONS.
 *
 * <p>Each look does the following; a failure leaves what it concerns for the next look:
 *
 * <ol>
 *   <li>under an advisory lock, so that replicas with different settings cannot undo each other half-way: bind our own queue,
 *       then unbind the other one; all others, before any of them is read. At any moment one of them takes what is published; what
 *       came to both is stored once.
 *   <li>read what the others still hold, each through a pipeline of its own, until it is empty. A stream keeps its messages until
 *       retention; it counts as empty when the position has reached its end. {@link #AT_ONCE} are read at the same time; where more
 *       wait, one that is not empty after a while gives way to the next.
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

    /** How many leftovers are read at the same time. */
    private static final int AT_ONCE = 4;

    /** For how long, at least, each of them is read while others wait. */
    private static final Duration ROUND = Duration.ofSeconds(30);

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
    private final Clock clock;
    private final Thread thread = new Thread(this::run, "ingest-leftovers");

    /** What is known to hold messages and is not read at the moment; in the order in which they get their turn. */
    private final Map<Outlet, Waiting> waiting = Collections.synchronizedMap(new LinkedHashMap<>());

    private final Map<Outlet, LeftoverDrain> drains = new ConcurrentHashMap<>();
    private final Map<Outlet, Long> drainedAtMessages = new HashMap<>();

    private volatile boolean stopping;

    /**
     * @param messages how many it holds
     * @param since when that was found, or when it was read last
     */
    private record Waiting(long messages, Instant since) {}

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
            Jdbi jdbi,
            Clock clock) {
        this.live = live;
        this.own = own;
        this.pipeline = pipeline;
        this.readers = readers;
        this.topology = topology;
        this.jdbi = jdbi;
        this.clock = clock;
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

    /** The configured transport's view, with the backlog and the age of what the others still hold. */
    @Override
    public BrokerView view() {
        BrokerView own = live.view();
        Collection<BrokerView> others = leftovers().values();
        Instant oldest = Stream.concat(Stream.of(own), others.stream())
                .map(BrokerView::oldestUncommittedAt)
                .filter(at -> at != null)
                .min(Instant::compareTo)
                .orElse(null);
        long backlog = others.stream().mapToLong(BrokerView::backlogMessages).sum();
        return new BrokerView(own.reads(), own.reachableAt(), oldest, own.backlogMessages() + backlog);
    }

    /** Wherever partitions are concerned: another replica may read what is left of them. */
    @Override
    public Map<String, BrokerView> parts() {
        Map<Outlet, BrokerView> others = leftovers();
        Map<String, BrokerView> parts = new LinkedHashMap<>(live.parts());
        if (parts.isEmpty()
                && others.keySet().stream()
                        .noneMatch(other -> other.stream().partition().isPresent())) {
            return Map.of();
        }
        if (parts.isEmpty()) {
            parts.put(own.get(0).key(), live.view());
        }
        others.forEach((other, view) -> parts.put(other.key(), view));
        return parts;
    }

    private Map<Outlet, BrokerView> leftovers() {
        Map<Outlet, BrokerView> views = new HashMap<>();
        synchronized (waiting) {
            waiting.forEach((other, found) -> views.put(other, new BrokerView(false, null, found.since(), 0)));
        }
        drains.forEach((other, drain) -> views.put(other, drain.view()));
        return views;
    }

    private void run() {
        long nextLook = System.nanoTime();
        try {
            while (!stopping) {
                if (System.nanoTime() - nextLook >= 0) {
                    nextLook = System.nanoTime() + look().toNanos();
                }
                startDrains();
                endDrains();
                long left = Math.max(0, TimeUnit.NANOSECONDS.toMillis(nextLook - System.nanoTime()));
                TimeUnit.MILLISECONDS.sleep(drains.isEmpty() ? left : Math.min(left, CALM_INTERVAL.toMillis()));
            }
        } catch (InterruptedException e) {
            LOG.debug("event=leftovers_stopping");
        } catch (BrokerTopology.Mismatch | OtherStream e) {
            // The configured reader meets the same one and ends the process.
            LOG.debugf("event=leftovers_not_seen cause=%s", e);
        } finally {
            end(drains.keySet());
        }
    }

    /** @return how long to wait before the next look */
    private Duration look() {
        try {
            return look(others());
        } catch (JdbiException e) {
            LOG.debugf("event=leftovers_not_seen cause=%s", e);
            return RETRY_DELAY;
        }
    }

    private Duration look(List<Outlet> others) {
        boolean exist = false;
        boolean failed = false;
        for (Outlet other : others) {
            try {
                OptionalLong messages = takeOver(other);
                if (messages.isPresent()) {
                    exist = true;
                    if (!drains.containsKey(other) && mayHoldMore(other, messages.getAsLong())) {
                        waiting.putIfAbsent(other, new Waiting(messages.getAsLong(), clock.instant()));
                    }
                }
            } catch (BrokerTopology.Mismatch | OtherStream e) {
                throw e;
            } catch (IOException | TimeoutException | RuntimeException e) {
                LOG.debugf("event=leftovers_not_seen name=%s cause=%s", other.name(), e);
                failed = true;
            }
        }
        if (failed) {
            return RETRY_DELAY;
        }
        return exist ? LOOK_INTERVAL : ABSENT_LOOK_INTERVAL;
    }

    private void startDrains() {
        int streams = waiting.size() + drains.size() > 1 ? AT_ONCE : 1;
        while (!stopping && drains.size() < AT_ONCE && !waiting.isEmpty()) {
            Map.Entry<Outlet, Waiting> next = waiting.entrySet().iterator().next();
            Outlet other = next.getKey();
            LeftoverDrain drain = new LeftoverDrain(
                    other,
                    next.getValue().messages(),
                    pipeline.forLeftovers(other, streams),
                    topology,
                    readers,
                    () -> takeOver(other));
            drain.start();
            drains.put(other, drain);
            waiting.remove(other);
        }
    }

    /** Those that are done, and those that give way. */
    private void endDrains() {
        Set<Outlet> ends = new HashSet<>();
        drains.forEach((other, drain) -> {
            try {
                if (drain.isDone()) {
                    drainedAtMessages.put(other, drain.messages());
                    ends.add(other);
                } else if (!waiting.isEmpty() && drain.runsForNanos() > ROUND.toNanos()) {
                    waiting.put(other, new Waiting(drain.messages(), unreadSince(drain)));
                    ends.add(other);
                }
            } catch (IOException | TimeoutException | RuntimeException e) {
                LOG.debugf("event=leftovers_not_seen cause=%s", e);
            }
        });
        end(ends);
    }

    private Instant unreadSince(LeftoverDrain drain) {
        Instant oldest = drain.view().oldestUncommittedAt();
        return oldest == null ? clock.instant() : oldest;
    }

    /** Also after an interrupt the writers finish what they are committing. */
    private void end(Set<Outlet> ends) {
        boolean interrupted = Thread.interrupted();
        List<Thread> threads = new ArrayList<>();
        for (Outlet other : ends) {
            LeftoverDrain drain = drains.get(other);
            Thread thread = new Thread(
                    () -> {
                        try {
                            drain.end();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    },
                    "ingest-leftovers-end");
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        drains.keySet().removeAll(Set.copyOf(ends));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
}

package io.inference.analytics.ingest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Messages between the transport and {@link LaneSplitter}, in the order of their arrival.
 *
 * <p>It takes everything that it is offered. Its bound is the credit (stream) or prefetch (queue) that the transport gives the
 * broker, which returns only after a commit. A new {@code generation} drops everything that an older connection or lease had brought.
 */
final class MessageBuffer {

    /** A run of messages in order. */
    record Batch(long generation, List<RawMessage> messages) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Deque<RawMessage> queue = new ArrayDeque<>();
    private long generation;
    private int weight;

    /** How many events are enough for a waiting writer, as the last one that waited asked for. */
    private int wanted;

    private boolean closed;

    /** Adds a message of the given generation; one of an older generation is dropped. */
    void offer(long ofGeneration, RawMessage message) {
        lock.lock();
        try {
            if (ofGeneration == generation && !closed) {
                queue.addLast(message);
                weight += message.weight();
                // A writer that waits for its batch to fill is not woken by each message.
                if (queue.size() == 1 || weight >= wanted) {
                    arrived.signal();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drops everything and starts a new generation, whose number is returned. */
    long restart() {
        lock.lock();
        try {
            queue.clear();
            weight = 0;
            arrived.signalAll();
            return ++generation;
        } finally {
            lock.unlock();
        }
    }

    /** The generation whose messages are taken now. */
    long generation() {
        lock.lock();
        try {
            return generation;
        } finally {
            lock.unlock();
        }
    }

    /** When the oldest message waiting here was published; empty when none waits. */
    Optional<Instant> oldestPublishedAt() {
        lock.lock();
        try {
            return Optional.ofNullable(queue.peekFirst()).map(RawMessage::publishedAt);
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more messages and drops those that wait; writers get no batch after this. */
    void close() {
        lock.lock();
        try {
            closed = true;
            queue.clear();
            weight = 0;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a message, then until {@code weightMin} events wait or {@code timeout} is over, and takes up to {@code weightMax}
     * of them. That is more than the usual batch only when more has piled up while the writers were busy.
     *
     * @return empty when closed, or when nothing came for a second (so that the caller can show that it is alive)
     */
    Optional<Batch> take(int weightMin, int weightMax, Duration timeout) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            wanted = weightMin;
            long idleNanos = TimeUnit.SECONDS.toNanos(1);
            while (queue.isEmpty() && !closed && idleNanos > 0) {
                idleNanos = arrived.awaitNanos(idleNanos);
            }
            long fillNanos = timeout.toNanos();
            while (!queue.isEmpty() && weight < weightMin && !closed && fillNanos > 0) {
                fillNanos = arrived.awaitNanos(fillNanos);
            }
            if (queue.isEmpty()) {
                return Optional.empty();
            }
            List<RawMessage> messages = new ArrayList<>(Math.min(weightMax, queue.size()));
            int taken = 0;
            while (taken < weightMax && !queue.isEmpty()) {
                RawMessage message = queue.removeFirst();
                messages.add(message);
                taken += message.weight();
            }
            weight -= taken;
            if (!queue.isEmpty()) {
                arrived.signal();
            }
            return Optional.of(new Batch(generation, messages));
        } finally {
            lock.unlock();
        }
    }
}

package io.inference.analytics.ingest;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Messages between the transport and the writers, in the order of their arrival.
 *
 * <p>It takes everything that it is offered. Its bound is the credit (stream) or prefetch (queue) that the transport gives the
 * broker, which returns only after a commit. Batches are taken in order and numbered without gaps, so that writers can commit in
 * that order. A new {@code generation} drops everything that an older connection or lease had brought.
 */
final class MessageBuffer {

    /**
     * A run of messages in order.
     *
     * @param ordinal counts from 0 within a generation
     * @param correlationId the first id of a message, so that one search leads from the producer to batch and rollup; made up
     *     when no message has one
     * @param endsTurn whether the next batch may be committed after this one; false for all parts of a batch but the last
     * @param refusal why its only message cannot be stored and becomes a dead letter; empty as long as that is not known
     */
    record Batch(
            long generation,
            long ordinal,
            List<RawMessage> messages,
            String correlationId,
            boolean endsTurn,
            Optional<String> refusal) {

        Batch(long generation, long ordinal, List<RawMessage> messages) {
            this(generation, ordinal, messages, correlationId(messages), true, Optional.empty());
        }

        private static String correlationId(List<RawMessage> messages) {
            return messages.stream()
                    .map(RawMessage::messageId)
                    .filter(id -> !id.isEmpty())
                    .findFirst()
                    .orElseGet(() -> UUID.randomUUID().toString());
        }

        /**
         * What is stored in its place when one of its messages cannot be, and it is not known which: its two halves. A single
         * message becomes a dead letter, and nothing else of it is stored.
         */
        List<Batch> withoutRefused(String cause) {
            if (messages.size() == 1) {
                String neutral = UUID.randomUUID().toString();
                return List.of(new Batch(generation, ordinal, messages, neutral, endsTurn, Optional.of(cause)));
            }
            int middle = messages.size() / 2;
            return List.of(
                    part(messages.subList(0, middle), false),
                    part(messages.subList(middle, messages.size()), endsTurn));
        }

        private Batch part(List<RawMessage> of, boolean ends) {
            return new Batch(generation, ordinal, of, correlationId(of), ends, Optional.empty());
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Deque<RawMessage> queue = new ArrayDeque<>();
    private long generation;
    private long nextOrdinal;
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
            nextOrdinal = 0;
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
            return Optional.of(new Batch(generation, nextOrdinal++, messages));
        } finally {
            lock.unlock();
        }
    }
}

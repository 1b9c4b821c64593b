package io.inference.analytics.ingest;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for its lane. One writer at a time has a batch of a lane, so a lane commits in the order of the messages; any free
 * writer takes the lane that has waited longest.
 *
 * <p>Bound: {@code weightMax} events, then {@link #awaitRoom} waits; and {@code bytesMax}, as the transport brings no more. A lane
 * that does not get on may fill either alone, until {@link #leaveBehind} drops what waits in it.
 */
final class LaneQueues {

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A lane holds at least this part of a bound when it is left behind. */
    private static final int WORTH_DROPPING = 16;

    /** What a batch has of the bytes cannot be dropped, so that it is only this part of them. */
    private static final int BATCH_SHARE = 4;

    private record Waiting(Share share, long sinceNanos) {}

    /** Shares that were dropped, and of which lane. */
    record LeftBehind(int lane, List<Share> shares) {}

    private static final class Lane {
        private final Deque<Waiting> waiting = new ArrayDeque<>();
        private int weight;
        private long bytes;
        private boolean taken;
        private long takenNanos;
        private boolean failed;
        private boolean leftBehind;

        private boolean isStuck(Duration failing, Duration silent) {
            return taken && System.nanoTime() - takenNanos > (failed ? failing : silent).toNanos();
        }

        private void drop() {
            waiting.clear();
            weight = 0;
            bytes = 0;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition room = lock.newCondition();
    private final List<Lane> lanes = new ArrayList<>();
    private final int weightMax;
    private final long bytesMax;
    private long generation;
    private int weight;

    /** How many events of a lane are enough for a waiting writer. */
    private int wanted;

    private boolean moveDue;
    private boolean readAgain;
    private boolean closed;

    LaneQueues(int count, int weightMax, long bytesMax) {
        this.weightMax = weightMax;
        this.bytesMax = bytesMax;
        for (int i = 0; i < count; i++) {
            lanes.add(new Lane());
        }
    }

    /** Drops everything; only shares of the given generation are taken from now on. */
    void restart(long newGeneration) {
        lock.lock();
        try {
            generation = newGeneration;
            clear();
        } finally {
            lock.unlock();
        }
    }

    /** Drops everything; writers get no batch after this. */
    void close() {
        lock.lock();
        try {
            closed = true;
            clear();
        } finally {
            lock.unlock();
        }
    }

    private void clear() {
        for (Lane lane : lanes) {
            lane.drop();
            lane.taken = false;
            lane.leftBehind = false;
        }
        weight = 0;
        moveDue = false;
        readAgain = false;
        changed.signalAll();
        room.signalAll();
    }

    /** @return whether there is room, after a second at most */
    boolean awaitRoom() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = IDLE_NANOS;
            while (weight >= weightMax && !closed && nanos > 0) {
                nanos = room.awaitNanos(nanos);
            }
            return weight < weightMax || closed;
        } finally {
            lock.unlock();
        }
    }

    /** Adds shares, each behind the others of its lane; those of another generation are dropped. */
    void offer(long ofGeneration, List<Share> shares) {
        lock.lock();
        try {
            if (closed || ofGeneration != generation) {
                return;
            }
            long now = System.nanoTime();
            boolean worth = false;
            for (Share share : shares) {
                Lane lane = lanes.get(share.lane());
                boolean first = lane.waiting.isEmpty();
                lane.waiting.addLast(new Waiting(share, now));
                lane.weight += share.weight();
                lane.bytes += share.bytes();
                weight += share.weight();
                // A writer that waits for a batch to fill is not woken by each message.
                worth |= !lane.taken && (first || lane.weight >= wanted);
            }
            if (worth) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Drops what waits in the lane that holds most, when it does not get on and other lanes could. Less than a part of each bound
     * is kept, as it is in nothing's way.
     *
     * @param failing how long a writer has had a batch of the lane of which an attempt has failed
     * @param silent the same while none has failed: the batch may only be slow
     * @return empty when there is no such lane, or the generation is another one
     */
    Optional<LeftBehind> leaveBehind(long ofGeneration, Duration failing, Duration silent) {
        lock.lock();
        try {
            if (ofGeneration != generation) {
                return Optional.empty();
            }
            Lane found = null;
            boolean others = false;
            for (Lane lane : lanes) {
                boolean stuck = lane.leftBehind || lane.isStuck(failing, silent);
                others |= !stuck;
                if (stuck && isWorthDropping(lane) && (found == null || lane.bytes > found.bytes)) {
                    found = lane;
                }
            }
            if (found == null || !others) {
                return Optional.empty();
            }
            List<Share> dropped = found.waiting.stream().map(Waiting::share).toList();
            weight -= found.weight;
            found.drop();
            found.leftBehind = true;
            room.signalAll();
            return Optional.of(new LeftBehind(lanes.indexOf(found), dropped));
        } finally {
            lock.unlock();
        }
    }

    private boolean isWorthDropping(Lane lane) {
        return !lane.waiting.isEmpty()
                && (lane.weight >= weightMax / WORTH_DROPPING || lane.bytes >= bytesMax / WORTH_DROPPING);
    }

    /** An attempt to store something of the batch failed. */
    void attemptFailed(LaneBatch batch) {
        lock.lock();
        try {
            if (batch.generation() == generation && !batch.shares().isEmpty()) {
                lanes.get(batch.lane()).failed = true;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing of the lane is taken any longer, so that the rest of it has to be read again. */
    boolean isLeftBehind(long ofGeneration, int lane) {
        lock.lock();
        try {
            return ofGeneration == generation && lanes.get(lane).leftBehind;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a lane that was left behind gets on again, and is to be read from where it was left. */
    boolean isToBeReadAgain() {
        lock.lock();
        try {
            return readAgain;
        } finally {
            lock.unlock();
        }
    }

    /** Lets a writer take a batch without shares, which moves the position over what is committed. */
    void offerMove(long ofGeneration) {
        lock.lock();
        try {
            if (ofGeneration == generation && !closed) {
                moveDue = true;
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a lane that no writer has holds {@code weightMin} events, or has waited for {@code timeout}, and takes up to
     * {@code max} of them. That is more than the usual batch only when more has piled up while the writers were busy.
     *
     * @return empty when closed, or when nothing came for a second (so that the caller can show that it is alive)
     */
    Optional<LaneBatch> take(int weightMin, int max, Duration timeout) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            wanted = weightMin;
            long idleUntil = System.nanoTime() + IDLE_NANOS;
            while (!closed) {
                if (moveDue) {
                    moveDue = false;
                    return Optional.of(new LaneBatch(generation, 0, List.of()));
                }
                long now = System.nanoTime();
                Optional<Lane> oldest = oldest();
                if (oldest.isEmpty() && idleUntil - now <= 0) {
                    return Optional.empty();
                }
                long wait = oldest.map(lane -> since(lane) + timeout.toNanos() - now)
                        .orElse(idleUntil - now);
                Optional<Lane> ready = oldest.isPresent() && wait <= 0 ? oldest : fullest(weightMin);
                if (ready.isPresent()) {
                    return Optional.of(takeOf(ready.get(), max));
                }
                var unused = changed.awaitNanos(wait);
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** The batch is committed, or its generation is over: the next one of its lane may be taken. */
    void release(LaneBatch batch) {
        lock.lock();
        try {
            if (batch.generation() == generation && !batch.shares().isEmpty()) {
                Lane lane = lanes.get(batch.lane());
                lane.taken = false;
                readAgain |= lane.leftBehind;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private Optional<Lane> oldest() {
        Lane found = null;
        for (Lane lane : lanes) {
            if (!lane.taken && !lane.waiting.isEmpty() && (found == null || since(lane) - since(found) < 0)) {
                found = lane;
            }
        }
        return Optional.ofNullable(found);
    }

    private static long since(Lane lane) {
        return lane.waiting.peekFirst().sinceNanos();
    }

    private Optional<Lane> fullest(int weightMin) {
        Lane found = null;
        for (Lane lane : lanes) {
            if (!lane.taken && lane.weight >= weightMin && (found == null || lane.weight > found.weight)) {
                found = lane;
            }
        }
        return Optional.ofNullable(found);
    }

    private LaneBatch takeOf(Lane lane, int max) {
        List<Share> shares = new ArrayList<>();
        int taken = 0;
        long bytes = 0;
        do {
            Share share = lane.waiting.removeFirst().share();
            shares.add(share);
            taken += share.weight();
            bytes += share.bytes();
        } while (taken < max && bytes < bytesMax / BATCH_SHARE && !lane.waiting.isEmpty());
        lane.weight -= taken;
        lane.bytes -= bytes;
        weight -= taken;
        lane.taken = true;
        lane.failed = false;
        lane.takenNanos = System.nanoTime();
        room.signalAll();
        return new LaneBatch(generation, lanes.indexOf(lane), shares);
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }
}

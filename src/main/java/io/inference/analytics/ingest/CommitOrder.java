package io.inference.analytics.ingest;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets this process's writers commit in the order in which their batches were taken, so that everything before the stored offset
 * is committed. A new generation forgets the turns of the old one.
 */
final class CommitOrder {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private long generation;
    private long turn;

    /** Turns count from 0 again; a writer that still waits with a batch of an older generation gets {@code false}. */
    void restart(long newGeneration) {
        lock.lock();
        try {
            generation = newGeneration;
            turn = 0;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** @return whether it is the batch's turn; false when its generation is over */
    boolean await(MessageBuffer.Batch batch) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (batch.generation() == generation && batch.ordinal() != turn) {
                if (!moved.await(1, TimeUnit.SECONDS) && Thread.currentThread().isInterrupted()) {
                    throw new InterruptedException("waiting for batch " + batch.ordinal());
                }
            }
            return batch.generation() == generation;
        } finally {
            lock.unlock();
        }
    }

    /** The batch is committed; the next one may commit. */
    void done(MessageBuffer.Batch batch) {
        lock.lock();
        try {
            if (batch.generation() == generation) {
                turn = batch.ordinal() + 1;
                moved.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }
}

package io.inference.analytics.export;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A held job while a thread works on it. Another thread renews the hold. The working thread notices
 * the end of the hold at the next row or step, and at the latest before the lease runs out. So two
 * processes never write the same file at the same time for long.
 */
final class ExportTask {

    private final ExportLedger ledger;
    private final ExportLedger.Hold hold;
    private final Duration lease;
    private volatile boolean lost;
    private volatile boolean stopped;
    private volatile long rows;
    private volatile long renewedNanos = System.nanoTime();

    ExportTask(ExportLedger ledger, ExportLedger.Hold hold, Duration lease) {
        this.ledger = ledger;
        this.hold = hold;
        this.lease = lease;
    }

    ExportLedger.Hold hold() {
        return hold;
    }

    ExportJob job() {
        return hold.job();
    }

    /** Notes the rows so far. */
    void progress(long rowsSoFar) throws HoldLost {
        rows = rowsSoFar;
        if (lost || stopped) {
            throw new HoldLost();
        }
    }

    /**
     * Asks the database whether this process still holds the job, before a step that others would
     * see.
     */
    void renew() throws HoldLost {
        heartbeat();
        progress(rows);
    }

    /**
     * Extends the hold. When the database does not answer, the hold stays as it is until the lease
     * is nearly over.
     */
    void heartbeat() {
        long asked = System.nanoTime();
        try {
            if (ledger.renew(hold, lease, rows)) {
                renewedNanos = asked;
            } else {
                lost = true;
            }
        } finally {
            long silentMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - renewedNanos);
            if (silentMs > lease.toMillis() * 8 / 10) {
                lost = true;
            }
        }
    }

    /** Ends the work on the job because this process ends. */
    void stop() {
        stopped = true;
    }

    boolean stopped() {
        return stopped && !lost;
    }
}

package io.inference.analytics.platform;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduler;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** A stop begins no other round of a scheduled job, and waits for the rounds at work before it closes a connection. */
@ApplicationScoped
class JobsEnd {

    private static final Logger LOG = Logger.getLogger(JobsEnd.class);
    private static final int BEFORE_ALL_OTHERS = EndsBeforeStop.SIGNAL + 1;

    /** The whole stop may take 30 s; an import from a provider may take minutes and is taken up again by the next replica. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private int atWork;

    synchronized void begin() {
        atWork++;
    }

    synchronized void end() {
        atWork--;
        notifyAll();
    }

    void onStop(@Observes @Priority(BEFORE_ALL_OTHERS) ShutdownEvent event, Scheduler scheduler)
            throws InterruptedException {
        // A command starts none.
        if (scheduler.isStarted()) {
            scheduler.pause();
        }
        int left = awaitEnds(PATIENCE);
        if (left > 0) {
            LOG.infof("event=jobs_cut reason=stop jobs=%d after=%s", left, PATIENCE);
        }
    }

    /** @return how many rounds are still at work */
    synchronized int awaitEnds(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        long left = patience.toNanos();
        while (atWork > 0 && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadline - System.nanoTime();
        }
        return atWork;
    }
}

package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.JdbiException;

/**
 * Publishes the stored dead letters, in their order, and counts those that wait.
 *
 * <p>It holds no transaction while it waits for the broker. While the broker does not take them, letters stay in the database,
 * and the job tries again every {@link #RETRY_AFTER}. Several replicas take different letters.
 */
@ApplicationScoped
class DeadLetterJob {

    private static final Logger LOG = Logger.getLogger(DeadLetterJob.class);

    /** An event has at most 64 KiB, so these are a few megabytes; a whole message that is malformed has at most 1 MiB. */
    private static final int LETTERS_MAX = 100;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    private final DeadLetterStore store;
    private final DeadLetterQueue queue;
    private final IngestConfig config;
    private final Clock clock;
    private Instant notBefore = Instant.MIN;
    private volatile DeadLetterStore.Pending pending = new DeadLetterStore.Pending(0, 0);

    DeadLetterJob(
            DeadLetterStore store, DeadLetterQueue queue, IngestConfig config, Clock clock, MeterRegistry registry) {
        this.store = store;
        this.queue = queue;
        this.config = config;
        this.clock = clock;
        Gauge.builder("analytics.dead.letters.pending", this, job -> job.pending.letters())
                .description("Dead letters of all replicas that are not in the dead letter queue yet; counted up to "
                        + DeadLetterStore.COUNTED_MAX)
                .strongReference(true)
                .register(registry);
        Gauge.builder("analytics.dead.letters.oldest.pending", this, job -> job.pending.oldestSeconds())
                .description("How long the oldest dead letter has waited for its queue; 0 when none waits")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    /** Makes the bean, and so its series, at the start and not with the first round. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=dead_letter_job_registered pending=%d", pending.letters());
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", concurrentExecution = ConcurrentExecution.SKIP)
    void count() {
        try {
            pending = store.pending();
        } catch (JdbiException e) {
            LOG.debugf("event=dead_letters_not_counted sqlstate=%s", SqlState.of(e));
        }
    }

    @EndsBeforeStop
    @Scheduled(every = "1s", concurrentExecution = ConcurrentExecution.SKIP)
    void publish() throws InterruptedException {
        if (!config.enabled() || clock.instant().isBefore(notBefore)) {
            return;
        }
        try {
            while (publishNext()) {
                LOG.debug("event=dead_letters_published");
            }
        } catch (JdbiException e) {
            LOG.debugf("event=dead_letters_not_read sqlstate=%s", SqlState.of(e));
        }
    }

    /** @return whether there may be more */
    private boolean publishNext() throws InterruptedException {
        List<DeadLetterStore.Letter> letters = store.claim(LETTERS_MAX);
        if (letters.isEmpty()) {
            return false;
        }
        try {
            queue.publish(letters);
        } catch (IOException | TimeoutException | BrokerTopology.Mismatch e) {
            LOG.warnf(
                    "event=dead_letters_not_published letters=%d retry_s=%d cause=%s",
                    letters.size(), RETRY_AFTER.toSeconds(), e);
            notBefore = clock.instant().plus(RETRY_AFTER);
            store.release(letters);
            return false;
        }
        store.delete(letters);
        return letters.size() == LETTERS_MAX;
    }
}

package io.inference.analytics.budget;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.inference.analytics.budget.DeliveryStore.Delivery;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.BackOff;
import io.inference.analytics.platform.EndsBeforeStop;
import io.inference.analytics.platform.LogText;
import io.inference.analytics.series.Cost;
import io.inference.analytics.webhook.WebhookClient;
import io.quarkus.scheduler.Scheduled;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * Sends the messages about transitions.
 *
 * <p>Guarantee: each message is sent until its receiver has taken it (status 200 to 299), for {@link #TRIED_FOR}; always with the
 * same id and the same text. It may arrive twice when a replica ends in the middle.
 *
 * <p>Bound: {@value #AT_ONCE} at the same time, each for some 10 s. On failure: the next try follows after a pause that doubles;
 * after the last one the message counts as failed.
 */
@ApplicationScoped
class DeliveryJob {

    private static final Logger LOG = Logger.getLogger(DeliveryJob.class);

    private static final Duration TRIED_FOR = Duration.ofHours(24);
    private static final Duration PAUSE_MIN = Duration.ofSeconds(10);
    private static final Duration PAUSE_MAX = Duration.ofHours(1);
    private static final int AT_ONCE = 16;

    /** Longer than a try can take, so that two replicas do not send a message at the same time. */
    private static final Duration CLAIM = Duration.ofMinutes(1);

    private static final int ROUNDS_MAX = 20;

    /** What a receiver gets. */
    private record Message(
            UUID id,
            String type,
            UUID orgId,
            String budget,
            int threshold,
            String spent,
            Instant occurredAt,
            Instant periodStart) {}

    private final Jdbi jdbi;
    private final DeliveryStore store;
    private final WebhookClient client;
    private final ObjectMapper json;
    private final Clock clock;
    private final ExecutorService senders = Executors.newFixedThreadPool(AT_ONCE, work -> {
        Thread thread = new Thread(work, "budget-delivery");
        thread.setDaemon(true);
        return thread;
    });

    DeliveryJob(Jdbi jdbi, DeliveryStore store, WebhookClient client, ObjectMapper json, Clock clock) {
        this.jdbi = jdbi;
        this.store = store;
        this.client = client;
        this.json = json;
        this.clock = clock;
    }

    @PreDestroy
    void close() {
        senders.shutdownNow();
    }

    @EndsBeforeStop
    @Scheduled(every = "5s", delayed = "5s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void round() {
        try {
            for (int i = 0; i < ROUNDS_MAX && runOnce() == AT_ONCE; i++) {
                LOG.debugf("event=budget_messages_sent round=%d", i);
            }
        } catch (JdbiException e) {
            LOG.warnf("event=budget_messages_not_sent sqlstate=%s", SqlState.of(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Sends what is due, at most {@value #AT_ONCE} messages.
     *
     * @return how many were tried
     */
    int runOnce() throws InterruptedException {
        Instant now = clock.instant();
        List<Delivery> due = jdbi.inTransaction(handle -> store.claim(handle, now, now.plus(CLAIM), AT_ONCE));
        List<Future<Optional<String>>> tried = senders.invokeAll(due.stream()
                .<Callable<Optional<String>>>map(
                        delivery -> () -> client.post(delivery.url(), delivery.secret(), body(delivery)))
                .toList());
        // By one thread: sixteen would take the connections that the ingest writes with.
        for (int i = 0; i < due.size(); i++) {
            record(due.get(i), tried.get(i));
        }
        return due.size();
    }

    private void record(Delivery delivery, Future<Optional<String>> tried) throws InterruptedException {
        try {
            Optional<String> problem = tried.get();
            jdbi.useHandle(handle -> record(handle, delivery, problem));
        } catch (ExecutionException | JdbiException e) {
            // The claim ends, and the message is sent again.
            LOG.warnf("event=budget_message_not_recorded id=%s cause=%s", delivery.transition(), e);
        }
    }

    private void record(Handle handle, Delivery delivery, Optional<String> problem) {
        Instant now = clock.instant();
        if (problem.isEmpty()) {
            store.delivered(handle, delivery, now);
        } else if (now.isBefore(delivery.occurredAt().plus(TRIED_FOR))) {
            Duration pause = BackOff.random(BackOff.after(delivery.tries(), PAUSE_MIN, PAUSE_MAX));
            store.refused(handle, delivery, problem.get(), now.plus(pause));
        } else {
            store.failed(handle, delivery, problem.get(), now);
            LOG.errorf(
                    "event=budget_message_given_up id=%s org=%s budget=%s tries=%d cause=\"%s\"",
                    delivery.transition(),
                    delivery.org(),
                    delivery.budget(),
                    delivery.tries(),
                    LogText.plain(problem.get()));
        }
    }

    private byte[] body(Delivery delivery) {
        try {
            return json.writeValueAsBytes(new Message(
                    delivery.transition(),
                    "budget." + delivery.kind(),
                    delivery.org(),
                    delivery.budget(),
                    delivery.threshold(),
                    Cost.ofCents(delivery.spentCents()).amount(),
                    delivery.occurredAt(),
                    delivery.periodStart()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message can always be written", e);
        }
    }
}

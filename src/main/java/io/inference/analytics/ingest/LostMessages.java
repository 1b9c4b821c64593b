package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/**
 * How many messages the stream dropped before they were read. Counted in the database and not in memory, so that every replica
 * shows all of them, and a restart forgets none.
 */
@ApplicationScoped
class LostMessages {

    private static final Logger LOG = Logger.getLogger(LostMessages.class);

    private static final String COUNT_OF_STREAM =
            """
            select coalesce(sum(last_offset - first_offset + 1), 0)::bigint
            from analytics.ingestion_skipped_offsets where cause = 'retention' and first_offset >= :first and first_offset < :end
            """;

    private static final String COUNT =
            """
            select coalesce(sum(last_offset - first_offset + 1), 0)::bigint
            from analytics.ingestion_skipped_offsets where cause = 'retention'
            """;

    private final Jdbi jdbi;
    private final AtomicLong lost = new AtomicLong();

    LostMessages(Jdbi jdbi, MeterRegistry registry) {
        this.jdbi = jdbi;
        FunctionCounter.builder("analytics.ingestion.lost.messages", lost, AtomicLong::get)
                .description("Messages that the stream dropped before they were read, ever, of all replicas")
                .tag("cause", StreamPosition.SkipCause.RETENTION.wireName())
                .register(registry);
    }

    /** Makes the bean, and so its series, at the start and not with the first look. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=lost_messages_registered lost=%d", lost.get());
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void look() {
        try {
            lost.set(count());
        } catch (JdbiException e) {
            LOG.debugf("event=lost_messages_not_counted sqlstate=%s", SqlState.of(e));
        }
    }

    /** Those of one stream. */
    long count(StreamId stream) {
        return jdbi.withHandle(handle -> handle.createQuery(COUNT_OF_STREAM)
                .bind("first", stream.firstOffset())
                .bind("end", stream.endOffset())
                .mapTo(Long.class)
                .one());
    }

    private long count() {
        return jdbi.withHandle(
                handle -> handle.createQuery(COUNT).mapTo(Long.class).one());
    }
}

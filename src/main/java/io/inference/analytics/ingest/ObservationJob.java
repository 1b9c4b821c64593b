package io.inference.analytics.ingest;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.ingest.TransportReader.BrokerView;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.Update;

/**
 * Records every second what this replica sees at the broker, for the freshness rules of all replicas. If the database does not
 * take it, the last observation grows old, and old observations count as unknown.
 */
final class ObservationJob {

    private static final Logger LOG = Logger.getLogger(ObservationJob.class);

    private static final String OBSERVE =
            """
            insert into analytics.ingestion_observations (replica, transport, reads, observed_at, broker_reachable_at,
                oldest_uncommitted_at, backlog_events)
            values (:replica, :transport, :reads, :now, :reachableAt, :oldestUncommittedAt, :backlog)
            on conflict (replica) do update set
                transport = excluded.transport, reads = excluded.reads, observed_at = excluded.observed_at,
                broker_reachable_at = excluded.broker_reachable_at, oldest_uncommitted_at = excluded.oldest_uncommitted_at,
                backlog_events = excluded.backlog_events
            """;

    private static final String OBSERVE_PART =
            """
            insert into analytics.ingestion_stream_observations (stream, replica, reads, observed_at, broker_reachable_at,
                oldest_uncommitted_at, backlog_events)
            values (:stream, :replica, :reads, :now, :reachableAt, :oldestUncommittedAt, :backlog)
            on conflict (stream, replica) do update set
                reads = excluded.reads, observed_at = excluded.observed_at, written_at = now(),
                broker_reachable_at = excluded.broker_reachable_at, oldest_uncommitted_at = excluded.oldest_uncommitted_at,
                backlog_events = excluded.backlog_events
            """;

    /** What this replica no longer has to do with; and as below. */
    private static final String FORGET_PARTS =
            """
            delete from analytics.ingestion_stream_observations
            where (replica = :replica and stream <> all (:streams)) or observed_at < :now::timestamptz - interval '1 day'
            """;

    /** A replica that is gone leaves its last row; after a day it is of no use. */
    private static final String FORGET =
            "delete from analytics.ingestion_observations where observed_at < :now::timestamptz - interval '1 day'";

    private final IngestPipeline pipeline;
    private final TransportReader reader;
    private final Jdbi jdbi;
    private final Clock clock;
    private volatile Instant lastWrittenAt;

    /** Whether there are rows of this replica about single streams. */
    private boolean hasParts;

    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "ingest-observation"));

    ObservationJob(IngestPipeline pipeline, TransportReader reader, Jdbi jdbi, Clock clock) {
        this.pipeline = pipeline;
        this.reader = reader;
        this.jdbi = jdbi;
        this.clock = clock;
        this.lastWrittenAt = clock.instant();
    }

    /** When the database last took an observation; before the first one, when this object was made. */
    Instant lastWrittenAt() {
        return lastWrittenAt;
    }

    void start() {
        var unused = executor.scheduleWithFixedDelay(this::observe, 0, 1, TimeUnit.SECONDS);
    }

    void stop() {
        executor.shutdownNow();
    }

    private void observe() {
        try {
            write(reader.view(), reader.parts(), clock.instant());
            lastWrittenAt = clock.instant();
        } catch (JdbiException e) {
            LOG.debugf("event=observation_not_written sqlstate=%s", SqlState.of(e));
        } catch (RuntimeException e) {
            LOG.logf(
                    executor.isShutdown() ? Logger.Level.DEBUG : Logger.Level.WARN,
                    "event=observation_not_written cause=%s",
                    e);
        }
    }

    private void write(BrokerView view, Map<String, BrokerView> parts, Instant now) {
        jdbi.useHandle(handle -> {
            // Before the whole, which does not count once there are parts.
            if (hasParts || !parts.isEmpty()) {
                handle.useTransaction(inOne -> writeParts(inOne, parts, now));
                hasParts = !parts.isEmpty();
            }
            observation(handle.createUpdate(OBSERVE), view, now)
                    .bind("transport", pipeline.transportName())
                    .execute();
            handle.createUpdate(FORGET).bind("now", now).execute();
        });
    }

    private void writeParts(Handle handle, Map<String, BrokerView> parts, Instant now) {
        parts.forEach((stream, view) -> observation(handle.createUpdate(OBSERVE_PART), view, now)
                .bind("stream", stream)
                .execute());
        handle.createUpdate(FORGET_PARTS)
                .bind("replica", pipeline.replica())
                .bindArray("streams", String.class, parts.keySet())
                .bind("now", now)
                .execute();
    }

    private Update observation(Update statement, BrokerView view, Instant now) {
        return statement
                .bind("replica", pipeline.replica())
                .bind("reads", view.reads())
                .bind("now", now)
                .bindByType("reachableAt", view.reachableAt(), Instant.class)
                .bindByType("oldestUncommittedAt", view.oldestUncommittedAt(), Instant.class)
                .bind("backlog", view.backlogMessages());
    }
}

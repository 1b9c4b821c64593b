package io.inference.analytics.ingest;

import io.inference.analytics.ingest.TransportReader.BrokerView;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Writes down every second what this replica sees at the broker, for the freshness rules of all replicas. If the database does
 * not take it, the last observation grows old, and old observations count as unknown.
 */
final class ObservationJob {

    private static final Logger LOG = Logger.getLogger(ObservationJob.class);

    private static final String OBSERVE =
            """
            insert into analytics.ingestion_observations (replica, transport, reads, observed_at, broker_reachable_at,
                oldest_uncommitted_at, backlog_events)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (replica) do update set
                transport = excluded.transport, reads = excluded.reads, observed_at = excluded.observed_at,
                broker_reachable_at = excluded.broker_reachable_at, oldest_uncommitted_at = excluded.oldest_uncommitted_at,
                backlog_events = excluded.backlog_events
            """;

    /** A replica that is gone leaves its last row; a day later nobody asks for it. */
    private static final String FORGET =
            "delete from analytics.ingestion_observations where observed_at < ?::timestamptz - interval '1 day'";

    private final IngestPipeline pipeline;
    private final TransportReader reader;
    private final DataSource dataSource;
    private final Clock clock;
    private volatile Instant lastWrittenAt;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "ingest-observation"));

    ObservationJob(IngestPipeline pipeline, TransportReader reader, DataSource dataSource, Clock clock) {
        this.pipeline = pipeline;
        this.reader = reader;
        this.dataSource = dataSource;
        this.clock = clock;
        this.lastWrittenAt = clock.instant();
    }

    /** When the database last took an observation; at the beginning, when this object was made. */
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
        BrokerView view = reader.view();
        Instant now = clock.instant();
        try (Connection connection = dataSource.getConnection()) {
            try (PreparedStatement statement = connection.prepareStatement(OBSERVE)) {
                statement.setString(1, pipeline.replica());
                statement.setString(2, pipeline.transportName());
                statement.setBoolean(3, view.reads());
                statement.setObject(4, UsageEventStore.utc(now));
                statement.setObject(5, view.reachableAt() == null ? null : UsageEventStore.utc(view.reachableAt()));
                statement.setObject(
                        6,
                        Optional.ofNullable(view.oldestUncommittedAt())
                                .map(UsageEventStore::utc)
                                .orElse(null));
                statement.setLong(7, view.backlogMessages());
                statement.executeUpdate();
            }
            try (PreparedStatement statement = connection.prepareStatement(FORGET)) {
                statement.setObject(1, UsageEventStore.utc(now));
                statement.executeUpdate();
            }
            lastWrittenAt = clock.instant();
        } catch (SQLException e) {
            LOG.debugf("event=observation_not_written sqlstate=%s", e.getSQLState());
        } catch (RuntimeException e) {
            LOG.warnf("event=observation_not_written cause=%s", e);
        }
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.ExpectedTotals;
import io.inference.analytics.devtools.SampleEvents;
import io.inference.analytics.devtools.SampleOptions;
import io.inference.analytics.testing.Drift;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A reader that ends in the middle, again and again, each time with another number of lanes: every event is counted once, and the
 * books are those of one reader that never failed. The stream is a list here, so that its end comes at any moment.
 */
@QuarkusTest
@WithBackends
class LanesLawIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LEASE = Duration.ofHours(1);
    private static final int[] LANES = {4, 1, 3, 64, 2, 7};
    private static final int WRITERS = 4;

    /** So small that lanes are far apart when the reader ends. */
    private static final int BATCH = 50;

    /** Messages that a session may read before its end. */
    private static final int WINDOW = 3_000;

    private static final String SUMS =
            """
            select concat_ws(' ', sum(received), sum(stored), sum(duplicates), sum(conflicts), sum(dead_lettered), sum(messages))
            from analytics.ingestion_batches where replica = any (:replicas)
            """;

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    IngestConfig config;

    @Inject
    UsageEventStore store;

    @Inject
    EventDecoder decoder;

    @Inject
    IngestMetrics metrics;

    @Inject
    DeadLetterStore deadLetters;

    @Inject
    ConservationCheck check;

    @Inject
    Clock clock;

    @ConfigProperty(name = "quarkus.datasource.jdbc.url")
    String databaseUrl;

    @ConfigProperty(name = "quarkus.datasource.username")
    String databaseUser;

    @ConfigProperty(name = "quarkus.datasource.password")
    String databasePassword;

    private final Set<String> replicas = ConcurrentHashMap.newKeySet();

    /** Connections of a process that may be killed. */
    private static final class Mortal extends PGSimpleDataSource {

        private static final long serialVersionUID = 1L;

        private final transient Set<Connection> open = ConcurrentHashMap.newKeySet();
        private volatile boolean dead;

        @Override
        public Connection getConnection() throws SQLException {
            if (dead) {
                throw new SQLException("killed", "08006");
            }
            Connection connection = super.getConnection();
            open.add(connection);
            return connection;
        }

        void kill() throws SQLException {
            dead = true;
            for (Connection connection : open) {
                connection.abort(Runnable::run);
            }
        }
    }

    private Mortal connections() {
        Mortal mortal = new Mortal();
        mortal.setUrl(databaseUrl.replaceFirst("^jdbc:(otel:)?", "jdbc:"));
        mortal.setUser(databaseUser);
        mortal.setPassword(databasePassword);
        return mortal;
    }

    private IngestConfig with(int lanes) {
        return (IngestConfig) Proxy.newProxyInstance(
                IngestConfig.class.getClassLoader(),
                new Class<?>[] {IngestConfig.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "lanes" -> lanes;
                    case "workers" -> WRITERS;
                    case "batchSize", "backlogBatchSize" -> BATCH;
                    case "batchTimeout" -> Duration.ofMillis(20);
                    case "transport" -> IngestConfig.Transport.STREAM;
                    default -> {
                        try {
                            yield method.invoke(config, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }
                });
    }

    @Test
    void aReaderThatEndsAnywhereAndChangesItsLanesCountsEveryEventOnce() throws Exception {
        Instant startedAt = clock.instant();
        SampleOptions options = new SampleOptions(20_000, 12, 5, 10, 5, 4, 1, 0.5, 5, 17, Instant.now(), Duration.ZERO);
        List<byte[]> bodies = SampleEvents.bodies(options);
        ExpectedTotals expected = ExpectedTotals.of(bodies, Instant.now());
        Random random = new Random(17);
        long base = new StreamPosition(jdbi, 1).place().firstToRead();
        int sessions = 0;
        int withMarks = 0;
        while (new StreamPosition(jdbi, 1).place().firstToRead() < base + bodies.size()) {
            withMarks += session(bodies, base, LANES[sessions++ % LANES.length], random) ? 1 : 0;
        }
        assertThat(withMarks)
                .as("sessions that began with marks, of " + sessions)
                .isPositive();
        assertThat(sums())
                .isEqualTo("%d %d %d %d %d %d"
                        .formatted(
                                expected.received(),
                                expected.stored(),
                                expected.duplicate(),
                                expected.conflict(),
                                expected.deadLetters(),
                                bodies.size()));
        try (Connection connection = database.getConnection()) {
            assertThat(Drift.of(connection)).isZero();
        }
        ConservationCheck.Conservation found = check.run(Optional.of(startedAt), Optional.empty());
        assertThat(found.gap()).as(found.toString()).isZero();
    }

    /** @return whether lanes were ahead of the position when it began */
    private boolean session(List<byte[]> bodies, long base, int lanes, Random random) throws Exception {
        Mortal connections = connections();
        StreamPosition position = new StreamPosition(jdbi, lanes);
        IngestPipeline pipeline =
                new IngestPipeline(with(lanes), connections, store, position, decoder, metrics, deadLetters, clock);
        replicas.add(pipeline.replica());
        jdbi.useHandle(handle -> handle.execute(
                "update analytics.ingestion_positions set leased_until = now() where transport = 'stream'"));
        StreamPosition.Lease lease = await().atMost(PATIENCE)
                .until(() -> position.acquire(pipeline.replica(), LEASE), Optional::isPresent)
                .orElseThrow();
        long first = lease.place().firstToRead();
        long end = base + bodies.size();
        long until = Math.min(end, first + WINDOW);
        AtomicLong settled = new AtomicLong();
        pipeline.start();
        try {
            long generation =
                    pipeline.begin(lease.epoch(), first, base, lease.place().ahead());
            for (long offset = first; offset < until; offset++) {
                byte[] body = bodies.get((int) (offset - base));
                Instant publishedAt = Instant.EPOCH.plusMillis(offset);
                pipeline.offer(generation, new RawMessage(body, offset, publishedAt, "", "", settled::incrementAndGet));
            }
            long enough = until == end ? until - first : random.nextInt(WINDOW / 2);
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> settled.get() >= enough);
            if (until == end) {
                await().atMost(PATIENCE).until(() -> position.place().firstToRead() == end);
            }
        } finally {
            connections.kill();
            pipeline.stop();
        }
        return !lease.place().ahead().isEmpty();
    }

    private String sums() {
        return jdbi.withHandle(handle -> handle.createQuery(SUMS)
                .bindArray("replicas", String.class, List.copyOf(replicas))
                .mapTo(String.class)
                .one());
    }
}

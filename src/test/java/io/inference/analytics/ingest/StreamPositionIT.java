package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AlreadyClosedException;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may move the stream's position, and that offsets are accounted for once whatever happens to the reader. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class StreamPositionIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LEASE = Duration.ofHours(1);
    private static final String THIEF = "thief";
    private static final String LANE = "pg_advisory_%s(analytics.ingest_lane())";

    private static final String OVERLAPS_AND_GAPS =
            """
            select count(*) from (
                select first_offset, lag(last_offset) over (order by first_offset) as before
                from (select first_offset, last_offset from analytics.ingestion_batches where kind = 'live' and first_offset is not null
                      union all select first_offset, last_offset from analytics.ingestion_skipped_offsets) ranges) ordered
            where before is not null and first_offset <> before + 1
            """;

    @Inject
    AgroalDataSource database;

    @Inject
    Ingestion ingestion;

    @Inject
    IngestPipeline pipeline;

    @Inject
    StreamPosition position;

    @Inject
    BrokerTopology topology;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        awaitReading();
    }

    @AfterEach
    void end() throws Exception {
        awaitReading();
        assertThat(lab.number(OVERLAPS_AND_GAPS)).isZero();
        assertThat(lab.number(
                        "select coalesce(max(last_offset), -1) + 1 - (select next_offset from analytics.ingestion_positions where transport = 'stream')"
                                + " from analytics.ingestion_batches where kind = 'live'"))
                .as("the position is the end of the last committed range")
                .isZero();
        lab.close();
    }

    private void awaitReading() {
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
    }

    private void awaitWaitingForLane() {
        await().atMost(PATIENCE)
                .until(() ->
                        lab.number("select count(*) from pg_locks where locktype = 'advisory' and not granted") > 0);
    }

    private void publish(int count) throws Exception {
        List<byte[]> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(lab.event().bytes());
        }
        lab.publish(bodies);
    }

    private void awaitStored(long count) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.stored()).isEqualTo(count));
    }

    private long received() throws SQLException {
        return lab.number("select coalesce(sum(received), 0) from analytics.ingestion_batches");
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** As if the database had seen no renewal in time. */
    private void expire() throws SQLException {
        lab.execute("update analytics.ingestion_positions set leased_until = now() where transport = 'stream'");
    }

    /** Again when the holder has renewed between the two steps. The thief's lease lasts until it is taken away, on any machine. */
    private StreamPosition.Lease steal() {
        return await().atMost(PATIENCE)
                .until(
                        () -> {
                            expire();
                            return position.acquire(THIEF, LEASE);
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void aReaderThatLostItsLeaseCanNotCommit() throws Exception {
        long before = received();
        long epoch = lab.number("select epoch from analytics.ingestion_positions where transport = 'stream'");
        try (Connection holder = database.getConnection()) {
            run(holder, "select " + LANE.formatted("lock"));
            publish(40);
            awaitWaitingForLane();
            StreamPosition.Lease stolen = steal();
            assertThat(stolen.epoch()).isGreaterThan(epoch);
            run(holder, "select " + LANE.formatted("unlock"));
        }
        assertThat(position.acquire("another", LEASE))
                .as("a lease has one holder")
                .isEmpty();
        await("nothing is committed under the thief's lease")
                .during(Duration.ofSeconds(2))
                .atMost(PATIENCE)
                .until(() -> lab.stored() == 0 && received() == before);
        expire();
        awaitStored(40);
        assertThat(received()).as("read again, stored once").isEqualTo(before + 40);
        assertThat(lab.value("select holder from analytics.ingestion_positions where transport = 'stream'"))
                .isEqualTo(pipeline.replica());
    }

    /** The thief was quick: it stored the same messages and moved the position before our writer came to its turn. */
    @Test
    void whatTheNewHolderCommittedIsNotCommittedAgain() throws Exception {
        publish(1);
        awaitStored(1);
        long next = lab.number("select next_offset from analytics.ingestion_positions where transport = 'stream'");
        try (Connection thief = database.getConnection()) {
            thief.setAutoCommit(false);
            StreamPosition.Lease stolen = steal();
            StreamPlace.Mark mark = new StreamPlace.Mark(next, Instant.now());
            assertThatThrownBy(() -> position.advance(thief, stolen.epoch() - 1, next, mark, Instant.now()))
                    .as("the old number")
                    .isInstanceOf(StreamPosition.Fenced.class);
            assertThatThrownBy(() -> position.advance(thief, stolen.epoch(), next - 1, mark, Instant.now()))
                    .as("another place")
                    .isInstanceOf(StreamPosition.Fenced.class);
            position.advance(thief, stolen.epoch(), next, mark, Instant.now());
            thief.rollback();
            thief.setAutoCommit(true);
            assertThat(position.renew(THIEF, stolen.epoch() - 1, LEASE)).isFalse();
            assertThat(position.renew(pipeline.replica(), stolen.epoch(), LEASE))
                    .isFalse();
            position.release(THIEF, stolen.epoch());
        }
        publish(10);
        awaitStored(11);
    }

    /** The batch of the old session must not commit with the number and the place of the new one. */
    @Test
    void aWriterLateFromAnOldSessionDoesNotUseTheNewOnesLease() throws Exception {
        long before = received();
        try (Connection holder = database.getConnection()) {
            run(holder, "select " + LANE.formatted("lock"));
            publish(40);
            awaitWaitingForLane();
            long generation = pipeline.buffer().generation();
            lab.execute(
                    "update analytics.ingestion_positions set epoch = epoch + 1, holder = ?, leased_until = now() where transport = 'stream'",
                    THIEF);
            await("the same replica reads again, with a new lease")
                    .atMost(PATIENCE)
                    .until(() -> pipeline.buffer().generation() > generation
                            && pipeline.replica()
                                    .equals(
                                            lab.value(
                                                    "select holder from analytics.ingestion_positions where transport = 'stream'"))
                            && ingestion.reader().view().reads());
            run(holder, "select " + LANE.formatted("unlock"));
        }
        awaitStored(40);
        publish(10);
        awaitStored(50);
        assertThat(received()).isEqualTo(before + 50);
    }

    /** It renews its epoch alone. */
    @Test
    void marksThatAVersionBeforeMayHaveSetAreKnown() throws Exception {
        StreamId stream = StreamId.ofPartition(92);
        StreamPosition own = position.in(stream);
        StreamPlace.Mark last = new StreamPlace.Mark(stream.firstOffset() + 10, Instant.parse("2026-01-01T00:00:00Z"));
        try (Connection connection = database.getConnection()) {
            StreamPosition.Lease lease = own.acquire(THIEF, LEASE).orElseThrow();
            own.mark(connection, lease.epoch(), new LaneMark(4, 1, last), Instant.now());
            assertThat(own.acquire(THIEF, LEASE).orElseThrow().place().ahead())
                    .containsExactly(new LaneMark(4, 1, last, false));
            run(connection, "update analytics.ingestion_positions set epoch = epoch + 1 where transport = 'stream-92'");
            run(connection, "update analytics.ingestion_lanes set epoch = epoch + 1 where transport = 'stream-92'");
            for (int taken = 0; taken < 2; taken++) {
                assertThat(own.acquire(THIEF, LEASE).orElseThrow().place().ahead())
                        .containsExactly(new LaneMark(4, 1, last, true));
            }
        } finally {
            forget(stream);
        }
    }

    private void forget(StreamId... streams) throws SQLException {
        for (StreamId stream : streams) {
            lab.execute("delete from analytics.ingestion_lanes where transport = ?", stream.key());
            lab.execute("delete from analytics.ingestion_positions where transport = ?", stream.key());
        }
    }

    /** "Nothing was changed" must hold for the partitions before the one that is read. */
    @Test
    void aResetOfSeveralStreamsChangesAllOfThemOrNone() throws Exception {
        StreamId free = StreamId.ofPartition(90);
        StreamId read = StreamId.ofPartition(91);
        StreamPosition.Lease ended = position.in(free).acquire(THIEF, LEASE).orElseThrow();
        position.in(free).release(THIEF, ended.epoch());
        StreamPosition.Lease held = position.in(read).acquire(THIEF, LEASE).orElseThrow();
        assertThatThrownBy(() -> position.reset(List.of(free, read)))
                .isInstanceOf(Failure.Conflict.class)
                .hasMessageContaining(read.name());
        assertThat(position.in(free).acquire(THIEF, LEASE).orElseThrow().epoch())
                .isEqualTo(ended.epoch() + 1);
        position.in(free).release(THIEF, ended.epoch() + 1);
        position.in(read).release(THIEF, held.epoch());
        position.reset(List.of(free, read));
        assertThat(position.in(free).acquire(THIEF, LEASE).orElseThrow().epoch())
                .isEqualTo(ended.epoch() + 3);
        assertThat(position.in(read).acquire(THIEF, LEASE).orElseThrow().epoch())
                .isEqualTo(held.epoch() + 2);
        forget(free, read);
    }

    @Test
    void aGapIsRecordedWithItsCause() {
        Source source = new Source(1, 1, 100, 150);
        assertThat(source.skipsBefore(100)).isEmpty();
        assertThat(source.skipsBefore(160))
                .containsExactly(
                        new Source.Skip(100, 149, StreamPosition.SkipCause.RETENTION),
                        new Source.Skip(150, 159, StreamPosition.SkipCause.BROKER_HOUSEKEEPING));
        source.begins(155);
        assertThat(source.skipsBefore(160))
                .as("retention went on during the session")
                .containsExactly(
                        new Source.Skip(100, 154, StreamPosition.SkipCause.RETENTION),
                        new Source.Skip(155, 159, StreamPosition.SkipCause.BROKER_HOUSEKEEPING));
        assertThat(source.skipsBefore(256))
                .as("the broker writes no 101 entries of its own in a row")
                .containsExactly(
                        new Source.Skip(100, 154, StreamPosition.SkipCause.RETENTION),
                        new Source.Skip(155, 255, StreamPosition.SkipCause.RETENTION));
        source.advanced(161);
        assertThat(source.skipsBefore(161)).isEmpty();
        assertThat(source.skipsBefore(163))
                .containsExactly(new Source.Skip(161, 162, StreamPosition.SkipCause.BROKER_HOUSEKEEPING));
    }

    @Test
    void messagesOfAnOldSessionAreDropped() {
        IngestPipeline other = pipeline.forReplay();
        long old = other.begin(0, 0, 0);
        other.offer(old, message(7));
        long current = other.begin(0, 5, 0);
        other.offer(old, message(9));
        other.offer(current, message(4));
        other.offer(current, message(5));
        other.offer(current, message(5));
        other.offer(current, message(6));
        assertThat(other.buffer().size()).as("5 and 6, once").isEqualTo(2);
    }

    private static RawMessage message(long offset) {
        return new RawMessage(new byte[0], offset, Instant.now(), "", "", () -> {});
    }

    /** It answers for a moment before its queues are open, and says NOT_FOUND of them. */
    @Test
    void brokerThatIsStartingHasNotLostTheStream() throws Exception {
        publish(1);
        awaitStored(1);
        LocalDev.act(Backend.RABBITMQ, "kill");
        CompletableFuture<Void> started = CompletableFuture.runAsync(() -> LocalDev.act(Backend.RABBITMQ, "start"));
        do {
            try {
                assertThat(topology.messages(BrokerTopology.STREAM)).isPresent();
            } catch (IOException | TimeoutException | AlreadyClosedException e) {
                Thread.onSpinWait();
            }
        } while (!started.isDone());
        started.join();
        lab.close();
        lab = new IngestLab(brokerUrl, database);
        awaitReading();
        publish(1);
        awaitStored(1);
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Lanes commit by themselves, and the books are those of one reader. */
@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class LanesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LEASE = Duration.ofHours(1);
    private static final String THIEF = "thief";

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    Ingestion ingestion;

    @Inject
    IngestPipeline pipeline;

    @Inject
    StreamPosition position;

    @Inject
    ConservationCheck check;

    @Inject
    IngestConfig config;

    @ConfigProperty(name = "RABBITMQ_URL")
    String brokerUrl;

    private final Instant startedAt = Instant.now();
    private IngestLab lab;

    @BeforeEach
    void begin() throws Exception {
        lab = new IngestLab(brokerUrl, database);
        await().atMost(PATIENCE).until(() -> ingestion.reader().view().reads());
    }

    @AfterEach
    void end() throws Exception {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.number(
                        "select next_offset - (select max(last_offset) + 1 from analytics.ingestion_batches where kind = 'live')"
                                + " from analytics.ingestion_positions where transport = 'stream'"))
                .as("the position is the end of the last committed range")
                .isZero());
        await().atMost(PATIENCE).untilAsserted(() -> {
            ConservationCheck.Conservation found = check.run(Optional.of(startedAt), Optional.empty());
            assertThat(found.gap()).as(found.toString()).isZero();
        });
        lab.close();
    }

    private UUID orgOfOtherLane(UUID org) {
        return Stream.generate(UUID::randomUUID)
                .filter(other -> lane(other) != lane(org))
                .findFirst()
                .orElseThrow();
    }

    private int lane(UUID org) {
        return pipeline.lanes().ofSlot(Lanes.slotOf(org));
    }

    private EventJson event(UUID org) {
        return lab.event().with("orgId", "\"" + org + "\"");
    }

    private static byte[] array(List<EventJson> events) {
        return events.stream()
                .map(EventJson::toString)
                .collect(Collectors.joining(",", "[", "]"))
                .getBytes(StandardCharsets.UTF_8);
    }

    private long stored(UUID org) throws SQLException {
        return lab.number("select count(*) from analytics.usage_events where org_id = ?", org);
    }

    private long sum(String column) throws SQLException {
        return lab.number("select coalesce(sum(" + column + "), 0) from analytics.ingestion_batches");
    }

    private void awaitStored(UUID org, long count) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(stored(org)).isEqualTo(count));
    }

    private static void lock(Connection holder, String how, UUID org) throws SQLException {
        try (Statement statement = holder.createStatement()) {
            statement.execute("select pg_advisory_" + how + "(" + AdvisoryLock.INGEST_SLOT.key() + ") from (select "
                    + Lanes.slotOf(org) + " as slot) as slots");
        }
    }

    /** With another number of lanes, as in a deployment that changes it. */
    private StreamPosition.Lease steal(int lanes) {
        StreamPosition other = new StreamPosition(jdbi, lanes);
        return await().atMost(PATIENCE)
                .until(
                        () -> {
                            lab.execute(
                                    "update analytics.ingestion_positions set leased_until = now() where transport = 'stream'");
                            return other.acquire(THIEF, LEASE);
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    /** An organisation that cannot be stored delays its lane alone, and what others committed meanwhile is not read twice. */
    @Test
    void aBlockedOrganisationDelaysNoOtherAndNothingIsCountedTwiceAfterwards() throws Exception {
        UUID blocked = lab.org();
        UUID quick = orgOfOtherLane(blocked);
        long received = sum("received");
        long duplicates = sum("duplicates");
        try (Connection holder = database.getConnection()) {
            lock(holder, "lock", blocked);
            lab.publish(event(blocked), event(quick));
            lab.publish(List.of(array(List.of(event(blocked), event(quick)))));
            lab.publish(event(quick));
            awaitStored(quick, 3);
            assertThat(stored(blocked)).isZero();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(ingestion.reader().view().backlogMessages())
                            .as("one of the blocked organisation, and the one of both")
                            .isEqualTo(2));
            assertThat(ingestion.reader().view().oldestUncommittedAt()).isNotNull();
            StreamPosition.Lease stolen = steal(1);
            for (int lanes : List.of(3, 64)) {
                stolen = steal(lanes);
                assertThat(stolen.place().ahead())
                        .as("the lane's mark outlives readers with any number of lanes")
                        .singleElement()
                        .satisfies(mark -> assertThat(mark.lane()).isEqualTo(lane(quick)));
            }
            position.release(THIEF, stolen.epoch());
            await("the same replica reads again, with a new lease")
                    .atMost(PATIENCE)
                    .until(
                            () -> ingestion.reader().view().reads()
                                    && pipeline.replica()
                                            .equals(
                                                    lab.value(
                                                            "select holder from analytics.ingestion_positions where transport = 'stream'")));
            EventJson later = event(quick);
            lab.publish(later);
            awaitStored(quick, 4);
            lock(holder, "unlock", blocked);
        }
        awaitStored(blocked, 2);
        awaitStored(quick, 4);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(sum("received") - received).isEqualTo(6));
        assertThat(sum("duplicates")).isEqualTo(duplicates);
    }

    /** More than the buffer takes: what does not fit is dropped and read again, so that reading goes on for the others. */
    @Test
    void aBlockedOrganisationWithMoreEventsThanTheBufferDelaysNoOther() throws Exception {
        int many = config.stream().bufferMessages() + 5_000;
        UUID blocked = lab.org();
        UUID quick = orgOfOtherLane(blocked);
        long received = sum("received");
        long duplicates = sum("duplicates");
        try (Connection holder = database.getConnection()) {
            lock(holder, "lock", blocked);
            lab.publish(
                    Stream.generate(() -> event(blocked).bytes()).limit(many).toList());
            lab.publish(event(quick));
            awaitStored(quick, 1);
            assertThat(stored(blocked)).isZero();
            assertThat(ingestion.reader().view().backlogMessages()).isEqualTo(many);
            lock(holder, "unlock", blocked);
        }
        awaitStored(blocked, many);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(sum("received") - received).isEqualTo(many + 1));
        assertThat(sum("duplicates")).isEqualTo(duplicates);
    }

    /** Late events of several days, in another order for each lane: whoever takes locks in the order of the events meets. */
    @Test
    void lanesThatStoreTheSameDaysAtOnceDoNotMeet() throws Exception {
        int orgs = 8;
        int eventsPerOrg = 400;
        long deadlocks = deadlocks();
        List<UUID> all = Stream.generate(UUID::randomUUID).limit(orgs).toList();
        List<byte[]> bodies = new ArrayList<>();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        for (int i = 0; i < eventsPerOrg; i++) {
            for (int org = 0; org < orgs; org++) {
                int daysAgo = org % 2 == 0 ? i % 6 : 5 - i % 6;
                bodies.add(event(all.get(org))
                        .with("occurredAt", "\"" + now.minus(daysAgo, ChronoUnit.DAYS) + "\"")
                        .bytes());
            }
        }
        long stored = sum("stored");
        lab.publish(bodies);
        for (UUID org : all) {
            awaitStored(org, eventsPerOrg);
        }
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(sum("stored") - stored).isEqualTo((long) orgs * eventsPerOrg));
        for (UUID org : all) {
            assertThat(lab.number(
                            "select count(distinct lane) from analytics.ingestion_batches where batch_id in"
                                    + " (select batch_id from analytics.usage_events where org_id = ?)",
                            org))
                    .as("an organisation has one lane")
                    .isOne();
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(lab.drift()).isZero());
        assertThat(deadlocks()).isEqualTo(deadlocks);
    }

    private long deadlocks() throws SQLException {
        return lab.number("select deadlocks from pg_stat_database where datname = current_database()");
    }
}

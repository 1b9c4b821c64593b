package io.inference.analytics.freshness;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class FreshnessIT {

    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_B = UUID.fromString("b0000000-0000-0000-0000-000000000002");

    @Inject
    AgroalDataSource database;

    @Inject
    FreshnessJob job;

    private final UUID org = UUID.randomUUID();

    @BeforeEach
    @AfterEach
    void nothingIsKnown() throws SQLException {
        execute("delete from analytics.ingestion_observations");
        execute("delete from analytics.rollup_outbox");
        execute("delete from analytics.ingestion_positions");
    }

    private void execute(String sql, Object... values) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    /** Ages in seconds; a negative age of the oldest message means that all is committed. */
    private void observed(String replica, boolean reads, int age, int reachableAge, int oldestAge) throws SQLException {
        execute(
                """
                insert into analytics.ingestion_observations
                    (replica, transport, reads, observed_at, broker_reachable_at, oldest_uncommitted_at, backlog_events)
                values (?, 'stream', ?, now() - ? * interval '1 s', now() - ? * interval '1 s',
                        case when ? >= 0 then now() - ? * interval '1 s' end, 5)
                """,
                replica,
                reads,
                age,
                reachableAge,
                oldestAge,
                oldestAge);
    }

    private void rolledUp(UUID model, int eventAge, int rollupAge) throws SQLException {
        execute(
                """
                insert into analytics.freshness_status (org_id, model_id, last_event_at, last_rollup_at, updated_at)
                values (?, ?, now() - ? * interval '1 s', now() - ? * interval '1 s', now())
                """,
                org,
                model,
                eventAge,
                rollupAge);
    }

    private ValidatableResponse freshness() {
        return given().auth()
                .oauth2(Tokens.of("engineer", org))
                .get("/analytics/v1/orgs/{org}/freshness", org)
                .then()
                .statusCode(200)
                .body("orgId", equalTo(org.toString()));
    }

    @Test
    void aQuietOrganisationThatIsCaughtUpIsFresh() throws SQLException {
        observed("r1", true, 1, 1, -1);
        rolledUp(MODEL_B, 90_000, 89_000);
        rolledUp(MODEL_A, 95_000, 94_000);
        execute(
                "insert into analytics.ingestion_positions (transport, last_committed_at) values ('stream', '2026-01-01T00:00:00Z')");
        freshness()
                .body("status", equalTo("fresh"))
                .body("ingest.lagSeconds", equalTo(0))
                .body("ingest.backlogEvents", equalTo(5))
                .body("ingest.lastCommittedAt", equalTo("2026-01-01T00:00:00Z"))
                .body("entries", hasSize(2))
                .body("entries[0].modelId", equalTo(MODEL_A.toString()))
                .body("entries[0].lagSeconds", equalTo(0))
                .body("entries[0].status", equalTo("fresh"));
    }

    @Test
    void aModelWithoutEventsForAsLongAsRollupsAreKeptIsForgotten() throws SQLException {
        observed("r1", true, 1, 1, -1);
        rolledUp(MODEL_A, 420 * 86_400, 1);
        rolledUp(MODEL_B, 300 * 86_400, 1);
        job.forget();
        freshness().body("entries", hasSize(1)).body("entries[0].modelId", equalTo(MODEL_B.toString()));
    }

    @Test
    void aStuckIngestShows() throws SQLException {
        observed("r1", true, 1, 1, 400);
        rolledUp(MODEL_A, 10, 5);
        freshness()
                .body("status", equalTo("delayed"))
                .body("ingest.lagSeconds", allOf(greaterThanOrEqualTo(400), lessThan(460)))
                .body("entries[0].status", equalTo("delayed"));
    }

    @Test
    void anUnreachableBrokerIsUnknown() throws SQLException {
        observed("r1", true, 1, 61, -1);
        rolledUp(MODEL_A, 10, 5);
        freshness()
                .body("status", equalTo("unknown"))
                .body("ingest.lagSeconds", nullValue())
                .body("entries[0].lagSeconds", nullValue());
    }

    @Test
    void onlyReplicasThatReadCount() throws SQLException {
        observed("standby", false, 1, 1, 5_000);
        observed("dead", true, 4_000, 4_000, 5_000);
        freshness().body("status", equalTo("unknown"));
        observed("reader", true, 1, 1, -1);
        freshness().body("status", equalTo("fresh")).body("entries", hasSize(0));
    }

    @Test
    void theOutboxTellsOfEventsBeforeTheWorkerDoes() throws SQLException {
        observed("r1", true, 1, 1, -1);
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        """
                        insert into analytics.rollup_outbox
                            (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
                        values (1, 'c', '2026-01-01T00:00:00Z', '{2026-01-01T00:00:00Z}', ?, ?,
                                '{2025-12-31T23:59:00Z,2025-12-31T23:58:00Z}')
                        """)) {
            insert.setArray(1, connection.createArrayOf("uuid", new Object[] {org, UUID.randomUUID()}));
            insert.setArray(2, connection.createArrayOf("uuid", new Object[] {MODEL_A, MODEL_B}));
            insert.execute();
        }
        freshness()
                .body("status", equalTo("fresh"))
                .body("entries", hasSize(1))
                .body("entries[0].modelId", equalTo(MODEL_A.toString()))
                .body("entries[0].lastEventAt", equalTo("2025-12-31T23:59:00Z"))
                .body("entries[0].lastRollupAt", equalTo("2026-01-01T00:00:00Z"));
    }

    /** As after a worker has been stuck for a quarter of an hour: each batch touches many pairs, one of them this organisation's. */
    @Test
    void aLongOutboxKeepsNoRequestWaiting() throws SQLException {
        observed("r1", true, 1, 1, -1);
        freshness().body("entries", hasSize(0));
        try (Connection worker = database.getConnection();
                Statement statement = worker.createStatement()) {
            statement.execute("select pg_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")");
            execute(
                    """
                    insert into analytics.rollup_outbox (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
                    select batch, 'c', now(), '{2026-01-01T00:00:00Z}', pairs.orgs, pairs.models, pairs.times
                    from generate_series(1, 3000) as batch,
                         (select array_agg(case when pair = 1 then ?::uuid else ?::uuid end) as orgs,
                                 array_agg(case when pair = 1 then ?::uuid else gen_random_uuid() end) as models,
                                 array_agg('2025-12-31T23:59:00Z'::timestamptz + make_interval(secs => pair)) as times
                          from generate_series(1, 900) as pair) as pairs
                    """,
                    org,
                    UUID.randomUUID(),
                    MODEL_A);
            freshness().body("entries", hasSize(1)).body("entries[0].lastEventAt", equalTo("2025-12-31T23:59:01Z"));
            // The fastest of some, as the machine may be busy with other things.
            assertThat(LongStream.range(0, 5)
                            .map(request -> freshness().extract().time())
                            .min())
                    .satisfies(fastest -> assertThat(fastest.getAsLong()).isLessThan(1_000));
            execute("delete from analytics.rollup_outbox");
            statement.execute("select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")");
        }
        freshness().body("entries", hasSize(0));
    }

    @Test
    void eventsThatTheRollupsDoNotShowMakeALag() throws SQLException {
        observed("r1", true, 1, 1, -1);
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("alter function analytics.hours_behind(timestamptz[]) rename to hours_behind_kept");
            statement.execute("create function analytics.hours_behind(hours timestamptz[]) returns timestamptz[]"
                    + " language sql stable as $$ select hours $$");
        }
        try {
            try (Connection connection = database.getConnection();
                    PreparedStatement insert = connection.prepareStatement(
                            """
                            insert into analytics.rollup_outbox
                                (batch_id, correlation_id, committed_at, hours, org_ids, model_ids, last_event_ats)
                            values (1, 'c', now() - interval '700 s', '{2026-01-01T00:00:00Z}', ?, ?, '{2026-01-01T00:00:00Z}')
                            """)) {
                insert.setArray(1, connection.createArrayOf("uuid", new Object[] {org}));
                insert.setArray(2, connection.createArrayOf("uuid", new Object[] {MODEL_A}));
                insert.execute();
            }
            rolledUp(MODEL_A, 5_000, 4_000);
            rolledUp(MODEL_B, 5_000, 4_000);
            freshness()
                    .body("status", equalTo("stale"))
                    .body("ingest.lagSeconds", equalTo(0))
                    .body("entries.status", equalTo(List.of("stale", "fresh")))
                    .body("entries[0].lagSeconds", allOf(greaterThanOrEqualTo(700), lessThan(760)));
            given().auth()
                    .oauth2(Tokens.of("engineer", org))
                    .get(
                            "/analytics/v1/orgs/{org}/usage?start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z&modelId={model}",
                            org,
                            MODEL_B)
                    .then()
                    .body("freshness.status", equalTo("fresh"));
        } finally {
            execute("drop function analytics.hours_behind(timestamptz[])");
            execute("alter function analytics.hours_behind_kept(timestamptz[]) rename to hours_behind");
        }
    }
}

package io.inference.analytics.repeats;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose events were not stored, and what is at stake. That ingest counts them is proven where it is tested. */
@QuarkusTest
@WithBackends
class RepeatsIT {

    private static final UUID MODEL = UUID.fromString("0a000000-0000-0000-0000-00000000000c");

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    ConflictsJob job;

    @Inject
    MeterRegistry registry;

    private final UUID org = UUID.randomUUID();
    private final Instant hour = Instant.now().truncatedTo(ChronoUnit.HOURS);

    /** Stands for an upgrade of long ago. */
    @BeforeEach
    void countedForYears() {
        countedSince(Instant.parse("2020-01-01T00:00:00Z"));
    }

    private void countedSince(Instant upgrade) {
        jdbi.useHandle(handle -> handle.execute(
                "update analytics.flyway_schema_history set installed_on = ? where version = '35'", upgrade));
    }

    @Test
    void whatWasNotCountedIsNotZero() throws SQLException {
        Instant upgrade = hour.minus(3, ChronoUnit.HOURS);
        store("app", 6, hour.minus(20, ChronoUnit.HOURS));
        repeats("app", hour.minus(2, ChronoUnit.HOURS), 0, 3, 0);
        countedSince(upgrade);
        commitBatch(upgrade.minus(1, ChronoUnit.HOURS));
        asked("start", hour.minus(1, ChronoUnit.DAYS).toString(), "end", hour.toString())
                .statusCode(200)
                .body("countedFrom", equalTo(upgrade.toString()))
                .body("partial", equalTo(true))
                .body("rows[0].conflicts", equalTo(3))
                .body("rows[0].conflictShare", nullValue())
                .body("totals.conflictShare", nullValue());
        asked("start", upgrade.toString(), "end", hour.toString())
                .body("", not(hasKey("partial")))
                .body("rows[0].conflictShare", equalTo(1f));
    }

    @Test
    void aNewInstallationKnowsItsFirstDay() throws SQLException {
        Instant installed = jdbi.withHandle(handle -> handle.createQuery(
                                "select least(min(committed_at), :hour) as first from analytics.ingestion_batches")
                        .bind("hour", hour)
                        .mapTo(Instant.class)
                        .one())
                .truncatedTo(ChronoUnit.HOURS);
        Instant first = installed.minus(1, ChronoUnit.HOURS);
        store("app", 6, first);
        repeats("app", first, 0, 3, 0);
        countedSince(installed);
        asked("start", first.toString(), "end", installed.toString())
                .statusCode(200)
                .body("", not(hasKey("partial")))
                .body("rows[0].conflictShare", not(nullValue()))
                .body("totals.conflictShare", not(nullValue()));
    }

    private void commitBatch(Instant at) {
        jdbi.useHandle(handle -> handle.execute(
                """
                insert into analytics.ingestion_batches (transport, replica, correlation_id, messages, received, stored,
                    duplicates, conflicts, dead_lettered, late, started_at, committed_at)
                values ('queue', ?, 'before the upgrade', 0, 0, 0, 0, 0, 0, false, ?, ?)
                """,
                org.toString(),
                at,
                at));
    }

    @AfterEach
    void removeBatches() {
        jdbi.useHandle(
                handle -> handle.execute("delete from analytics.ingestion_batches where replica = ?", org.toString()));
    }

    private void store(String client, int events, Instant at) throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < events; i++) {
            stored.add(Event.of(org, MODEL, at.toString()).client(client));
        }
        stored.store(database);
    }

    private void repeats(String client, Instant at, int duplicates, int conflicts, int unpriced) {
        jdbi.useHandle(handle -> handle.execute(
                """
                insert into analytics.ingestion_repeats (org_id, bucket_start, client_id, model_id, duplicates,
                    duplicate_input_tokens, duplicate_output_tokens, conflicts, stored_input_tokens, stored_output_tokens,
                    stored_cost_cents, refused_input_tokens, refused_output_tokens, refused_cost_cents, unpriced_conflicts)
                values (?, ?, ?, ?, ?, 10 * ?, 5 * ?, ?, 100 * ?, 0, 0.5 * ?, 100 * ?, 20 * ?, 1.25 * ?, ?)
                """,
                org,
                at,
                client,
                MODEL,
                duplicates,
                duplicates,
                duplicates,
                conflicts,
                conflicts,
                conflicts - unpriced,
                conflicts,
                conflicts,
                conflicts - unpriced,
                unpriced));
    }

    private ValidatableResponse asked(String... parameters) {
        RequestSpecification request = given().auth().oauth2(Tokens.of("engineer", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request.get("/analytics/v1/orgs/{org}/ingestion-conflicts", org).then();
    }

    @Test
    void conflictsShowWhoseTheyAreAndWhatTheFiguresWouldBeOtherwise() throws SQLException {
        Instant yesterday = hour.minus(20, ChronoUnit.HOURS);
        store("app", 6, yesterday);
        store("", 10, yesterday);
        repeats("app", yesterday, 1, 3, 1);
        repeats("app", yesterday.plus(1, ChronoUnit.HOURS), 1, 1, 0);
        repeats("", yesterday, 0, 4, 4);
        repeats("other", yesterday.minus(2, ChronoUnit.DAYS), 7, 7, 0);
        String[] range = {"start", yesterday.toString(), "end", hour.toString()};
        asked(range)
                .statusCode(200)
                .body("orgId", equalTo(org.toString()))
                .body("start", equalTo(yesterday.toString()))
                .body("rows.clientId", equalTo(Arrays.asList("app", null)))
                .body("rows[0].modelId", equalTo(MODEL.toString()))
                .body("rows[0]", not(hasKey("modelName")))
                .body("rows[0].events", equalTo(6))
                .body("rows[0].conflicts", equalTo(4))
                .body("rows[0].conflictShare", equalTo(0.4f))
                .body("rows[0].duplicates", equalTo(2))
                .body("rows[0].duplicateTokens.inputTokens", equalTo(20))
                .body("rows[0].duplicateTokens.outputTokens", equalTo(10))
                .body("rows[0].stored.inputTokens", equalTo(400))
                .body("rows[0].refused.outputTokens", equalTo(80))
                .body("rows[0].difference.inputTokens", equalTo(0))
                .body("rows[0].difference.outputTokens", equalTo(80))
                .body("rows[0].difference.cost.amount", equalTo("0.0225"))
                .body("rows[0].unpricedConflicts", equalTo(1))
                .body("rows[1].difference.cost", nullValue())
                .body("rowsLeftOut", equalTo(0))
                .body("totals.events", equalTo(16))
                .body("totals.conflicts", equalTo(8))
                .body("totals.unpricedConflicts", equalTo(5))
                .body("totals.difference.cost.amount", equalTo("0.0225"));
        asked("start", yesterday.toString(), "clientId", "app")
                .body("rows", hasSize(1))
                .body("totals.events", equalTo(6));
        asked("start", yesterday.toString(), "withoutClient", "true")
                .body("rows", hasSize(1))
                .body("totals.conflicts", equalTo(4));
        asked("start", yesterday.toString(), "modelId", UUID.randomUUID().toString())
                .body("rows", hasSize(0))
                .body("totals.conflicts", equalTo(0))
                .body("totals.conflictShare", equalTo(0f))
                .body("totals.difference.cost.amount", equalTo("0"));
    }

    @Test
    void rowsAboveTheLimitAreCountedAndInTheTotals() {
        for (int i = 0; i < RepeatsStore.ROWS_MAX + 2; i++) {
            repeats("client-" + i, hour, 1, i == 7 ? 3 : 0, 0);
        }
        asked("period", "last-24-hours")
                .statusCode(200)
                .body("rows", hasSize(RepeatsStore.ROWS_MAX))
                .body("rows[0].clientId", equalTo("client-7"))
                .body("rowsLeftOut", equalTo(2))
                .body("totals.duplicates", equalTo(RepeatsStore.ROWS_MAX + 2))
                .body("totals.conflictShare", equalTo(1f));
    }

    @Test
    void everyFaultOfTheQuestionIsNamed() {
        asked("start", "2026-03-32", "modelId", "x", "granularity", "day", "timeZone", "UTC")
                .statusCode(400)
                .body("errors.field", containsInAnyOrder("start", "modelId", "granularity", "timeZone"));
        asked("start", "2025-01-01", "end", "2026-03-01").statusCode(400).body("errors[0].field", equalTo("end"));
    }

    @Test
    void aClientWithTooManyConflictsShowsHoweverSmallItIs() throws SQLException {
        Instant now = hour.minus(1, ChronoUnit.HOURS);
        store("large", 90, now);
        repeats("large", now, 0, 10, 0);
        job.round();
        assertThat(gauge()).as("exactly 10 % is not above it").isEmpty();
        store("small", 8, now);
        repeats("small", now, 0, 1, 0);
        repeats("only duplicates", now, 50, 0, 0);
        job.round();
        assertThat(gauge())
                .hasValueSatisfying(gauge -> assertThat(gauge.value()).isEqualTo(1));
        repeats("never stored", now, 0, 1, 0);
        repeats("long ago", now.minus(30, ChronoUnit.HOURS), 0, 9, 0);
        job.round();
        assertThat(gauge())
                .hasValueSatisfying(gauge -> assertThat(gauge.value()).isEqualTo(2));
        jdbi.useHandle(handle -> handle.execute("delete from analytics.ingestion_repeats where org_id = ?", org));
        job.round();
        assertThat(gauge()).isEmpty();
    }

    private Optional<Gauge> gauge() {
        return Optional.ofNullable(registry.find("analytics.conflicting.clients")
                .tag("org_id", org.toString())
                .gauge());
    }
}

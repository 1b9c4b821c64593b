package io.inference.analytics.forecast;

import static io.restassured.RestAssured.given;
import static java.time.temporal.ChronoUnit.DAYS;
import static java.time.temporal.ChronoUnit.HOURS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.inference.analytics.usage.UserPrivacy;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** Days and hours of unusual cost, as an organisation's admin and the alert see them. */
@QuarkusTest
@WithBackends
class AnomalyIT {

    private static final UUID USUAL = UUID.randomUUID();
    private static final UUID RUNAWAY = UUID.randomUUID();
    private static final UUID ANN = UUID.randomUUID();

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    UserPrivacy privacy;

    @Inject
    AnomalyJob job;

    @Inject
    MeterRegistry registry;

    private final UUID org = UUID.randomUUID();
    private final Instant today = Instant.now().truncatedTo(DAYS);
    private final StoredUsage usage = new StoredUsage();

    private ValidatableResponse anomalies(String... parameters) {
        var request = given().auth().oauth2(Tokens.of("org-admin", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request.get("/analytics/v1/orgs/{org}/anomalies", org).then();
    }

    private void add(int daysAgo, int hour, UUID model, String client, String cents) {
        Instant at = today.minus(daysAgo, DAYS).plusSeconds(3_600L * hour + 60);
        usage.add(Event.of(org, model, at.toString())
                .client(client)
                .user(model.equals(RUNAWAY) ? ANN : null)
                .cost(cents));
    }

    /** 20 dollars at noon of each day, and 70 more of one client and model at three yesterday. */
    private void store(int days) throws SQLException {
        for (int ago = 1; ago <= days; ago++) {
            add(ago, 12, USUAL, "app", "2000");
        }
        add(1, 3, RUNAWAY, "batch", "7000.5");
        usage.store(database);
    }

    @Test
    void aRunawayClientIsFoundAndNamed() throws Exception {
        store(60);
        String yesterday = today.minus(1, DAYS).toString();
        anomalies("period", "last-7-days")
                .statusCode(200)
                .body("granularity", equalTo("day"))
                .body("minimum.amount", equalTo("10"))
                .body("more", equalTo(false))
                .body("anomalies.by", contains("org", "model", "client", "user"))
                .body("anomalies.bucketStart", everyItem(equalTo(yesterday)))
                .body("anomalies[0].direction", equalTo("higher"))
                .body("anomalies[0].cost.amount", equalTo("90.005"))
                .body("anomalies[0].expected.amount", equalTo("20"))
                .body("anomalies[0].difference.amount", equalTo("70.005"))
                .body("anomalies[0].partial", nullValue())
                .body("anomalies[0].contributors.by", contains("model", "client", "user"))
                .body("anomalies[0].contributors.key", contains(RUNAWAY.toString(), "batch", ANN.toString()))
                .body("anomalies[1].key", equalTo(RUNAWAY.toString()))
                .body("anomalies[2].key", equalTo("batch"))
                .body("freshness.ingest", notNullValue());
        anomalies("start", yesterday, "end", today.toString(), "granularity", "hour", "clientId", "batch")
                .statusCode(200)
                .body("anomalies.findAll { it.by == 'org' }.bucketStart", empty());
        anomalies("start", yesterday, "end", today.toString(), "granularity", "hour")
                .statusCode(200)
                .body(
                        "anomalies.findAll { it.by == 'org' }.bucketStart",
                        contains(today.minus(21, HOURS).toString()));
    }

    @Test
    void aRunawayUserIsFoundAsTheOrganisationShowsUsers() throws Exception {
        store(60);
        jdbi.useHandle(handle -> handle.createUpdate(
                        "insert into analytics.users (user_id, name, updated_at) values (:ann, 'Ann', now()) on conflict do nothing")
                .bind("ann", ANN)
                .execute());
        for (String granularity : List.of("day", "hour")) {
            anomalies("period", "yesterday", "granularity", granularity)
                    .statusCode(200)
                    .body("anomalies.findAll { it.by == 'user' }.key", contains(ANN.toString()))
                    .body("anomalies.findAll { it.by == 'user' }.name", contains("Ann"))
                    .body("anomalies.findAll { it.by == 'user' }.difference.amount", contains("70.005"))
                    .body("anomalies[0].contributors.findAll { it.by == 'user' }.key", contains(ANN.toString()));
        }
        privacy.set(org, UserPrivacy.Mode.PSEUDONYMS);
        anomalies("period", "yesterday")
                .body("anomalies.findAll { it.by == 'user' }.key", hasSize(1))
                .body("anomalies.findAll { it.by == 'user' }.key", not(contains(ANN.toString())))
                .body("anomalies.findAll { it.by == 'user' }[0]", not(hasKey("name")));
        privacy.set(org, UserPrivacy.Mode.OFF);
        anomalies("period", "yesterday").statusCode(200).body("anomalies.by", contains("org", "model", "client"));
    }

    @Test
    void aDayWithoutItsUsualCostIsFoundOnceItIsOver() throws Exception {
        for (int ago = 2; ago <= 60; ago++) {
            add(ago, 12, USUAL, "app", "2000");
        }
        usage.store(database);
        anomalies("start", today.minus(3, DAYS).toString())
                .statusCode(200)
                .body("anomalies.by", contains("org", "model", "client"))
                .body("anomalies[0].bucketStart", equalTo(today.minus(1, DAYS).toString()))
                .body("anomalies[0].direction", equalTo("lower"))
                .body("anomalies[0].cost.amount", equalTo("0"));
    }

    @Test
    void threeWeeksAreTooFewToCallAnythingUnusual() throws Exception {
        store(22);
        String began = today.minus(22, DAYS).toString().substring(0, 10);
        anomalies("period", "yesterday")
                .statusCode(200)
                .body("anomalies", empty())
                .body("judged", equalTo("none"))
                .body("judgedFrom", nullValue())
                .body("reason", containsString("usage began on " + began + " (expected: at least 4 weeks"));
        jdbi.useHandle(handle -> handle.execute("delete from analytics.spend_anomalies"));
        job.round();
        assertThat(registry.get("analytics.spend.anomalies")
                        .tag("org_id", org.toString())
                        .gauge()
                        .value())
                .as("not judged is not 0")
                .isNaN();
    }

    @Test
    void daysWithFourWeeksBeforeThemAreJudgedAndTheOthersAreNot() throws Exception {
        store(30);
        anomalies("start", today.minus(4, DAYS).toString(), "end", today.toString())
                .statusCode(200)
                .body("judged", equalTo("part"))
                .body("judgedFrom", equalTo(today.minus(2, DAYS).toString()))
                .body("reason", containsString("too little history"))
                .body("anomalies.by", contains("org", "model", "client", "user"));
        anomalies("start", today.minus(2, DAYS).toString(), "end", today.toString())
                .body("judged", equalTo("all"))
                .body("$", not(hasKey("reason")));
        anomalies("period", "yesterday", "clientId", "nobody")
                .body("judged", equalTo("none"))
                .body("reason", containsString("no usage"));
        anomalies(
                        "start",
                        today.minus(20, HOURS).toString(),
                        "end",
                        today.minus(2, HOURS).toString())
                .body("judged", equalTo("none"))
                .body("reason", containsString("no whole day"));
    }

    @Test
    void longerRangesAreRefused() {
        anomalies("start", "2026-01-01", "end", "2026-02-02")
                .statusCode(400)
                .body("errors[0].message", containsString("at most 31 days"));
        anomalies("start", "2026-01-01", "end", "2026-01-04", "granularity", "hour")
                .statusCode(400)
                .body("errors[0].message", containsString("at most 48 hours"));
        anomalies("period", "last-7-days", "granularity", "month").statusCode(400);
    }

    @Test
    void theGaugeCountsDaysThatCostTooMuch() throws Exception {
        store(60);
        jdbi.useHandle(handle -> handle.execute("delete from analytics.spend_anomalies"));
        job.round();
        assertThat(registry.get("analytics.spend.anomalies")
                        .tag("org_id", org.toString())
                        .gauge()
                        .value())
                .isEqualTo(1);
        Instant lookedAt = lookedAt();
        job.round();
        assertThat(lookedAt()).as("not again within minutes").isEqualTo(lookedAt);
    }

    private Instant lookedAt() {
        return jdbi.withHandle(
                handle -> handle.createQuery("select max(looked_at) as at from analytics.spend_anomalies")
                        .mapTo(Instant.class)
                        .one());
    }
}

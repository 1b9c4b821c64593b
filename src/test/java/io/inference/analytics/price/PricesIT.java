package io.inference.analytics.price;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.platform.AdvisoryLock;
import io.inference.analytics.rollup.LocalSpans;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The price book over HTTP: what a price would change, adding it, and the history. */
@QuarkusTest
@WithBackends
class PricesIT {

    private static final String PRICES = "/analytics/v1/prices";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String WANT =
            """
            insert into analytics.wanted_zones (org_id, kind, zone, days_from, asked_at)
            values (:org, 'usage', 'Asia/Kolkata', :from, now())
            """;

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    Repricing repricing;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final LocalDate today = LocalDate.now(ZoneOffset.UTC);

    /** On each of six days two events without a cost, and one whose producer sent it. */
    @BeforeEach
    void storeUsage() throws Exception {
        StoredUsage usage = new StoredUsage();
        for (int day = 1; day <= 6; day++) {
            String at = today.minusDays(day) + "T05:00:00Z";
            usage.add(Event.of(org, model, at).tokens(1_000_000, 0).cost(null));
            usage.add(Event.of(org, model, at).tokens(0, 500_000).cost(null));
            usage.add(Event.of(org, model, at).cost("7"));
        }
        usage.store(database);
    }

    private static RequestSpecification admin() {
        return given().auth().oauth2(Tokens.of("system-admin")).contentType("application/json");
    }

    private String body(String input, String more) {
        return "{\"modelId\": \"%s\", \"validFrom\": \"%s\", \"inputUsd\": \"%s\", \"outputUsd\": 10%s}"
                .formatted(model, today.minusDays(4), input, more);
    }

    private JsonPath preview(String body) {
        return admin().body(body)
                .post(PRICES + "/preview")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    @Test
    void aPreviewIsWhatARepricingThenChanges() {
        JsonPath shown = preview(body("0.3000000001", ""));
        assertThat(shown.getList("days.day", String.class))
                .containsExactly(
                        today.minusDays(4).toString(),
                        today.minusDays(3).toString(),
                        today.minusDays(2).toString(),
                        today.minusDays(1).toString());
        assertThat(shown.getString("days[0].after.amount")).isEqualTo("5.3000000001");
        assertThat(shown.getInt("totals.unpricedBefore")).isEqualTo(8);
        assertThat(shown.getInt("totals.unpricedAfter")).isZero();
        admin().get(PRICES + "?modelId=" + model).then().body("prices", hasSize(0));
        admin().body(body("0.3000000001", "")).post(PRICES).then().statusCode(201);
        Repricing.Change change = changes();
        assertThat(change.events()).isEqualTo(shown.getLong("totals.events"));
        assertThat(change.newCents().subtract(change.oldCents()))
                .isEqualByComparingTo(new BigDecimal(shown.getString("totals.difference.amount")).movePointRight(2));
    }

    private Repricing.Change changes() {
        Instant end = Instant.now().truncatedTo(ChronoUnit.DAYS).plus(1, ChronoUnit.DAYS);
        return repricing.preview(new TimeRange(end.minus(10, ChronoUnit.DAYS), end)).stream()
                .filter(one -> one.org().equals(org))
                .findFirst()
                .orElseThrow();
    }

    /** A day of a half-hour zone comes from raw events in part, so it follows before the rollups do. */
    @Test
    void aRepricingUnbuildsDaysOfTimeZonesWithTheCosts() throws Exception {
        Instant end = today.atStartOfDay(ZoneOffset.UTC).toInstant();
        TimeRange range = new TimeRange(end.minus(5, ChronoUnit.DAYS), end);
        LocalSpans days = new LocalSpans(jdbi, org, end);
        jdbi.useHandle(handle -> handle.createUpdate(WANT)
                .bind("org", org)
                .bind("from", range.start())
                .execute());
        days.build();
        admin().body(body("1", "")).post(PRICES).then().statusCode(201);
        CompletableFuture<List<Repricing.Change>> repriced;
        try (Handle rollups = jdbi.open()) {
            rollups.execute("select pg_advisory_lock(" + AdvisoryLock.ROLLUP.key() + ")");
            repriced = CompletableFuture.supplyAsync(() -> reprice(range));
            await().atMost(PATIENCE).until(() -> days.count(false) > 0);
            assertThat(repriced).isNotDone();
            rollups.execute("select pg_advisory_unlock(" + AdvisoryLock.ROLLUP.key() + ")");
        }
        repriced.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        days.build();
        assertThat(number("select sum(cost_estimate_cents) from analytics.usage_local_days where org_id = :org"))
                .isPositive()
                .isEqualByComparingTo(
                        number(
                                """
                                select sum(cost_estimate_cents) from analytics.usage_events
                                where org_id = :org
                                  and occurred_at >= (select min(span_start) from analytics.local_spans where org_id = :org)
                                  and occurred_at < (select max(span_end) from analytics.local_spans where org_id = :org)
                                """));
    }

    private List<Repricing.Change> reprice(TimeRange range) {
        try {
            return repricing.apply(range, "tester");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private BigDecimal number(String sql) {
        return jdbi.withHandle(handle ->
                handle.createQuery(sql).bind("org", org).mapTo(BigDecimal.class).one());
    }

    /** A price of a tier holds for no event without one, and a later entry ends an earlier one. */
    @Test
    void onlyEventsThatThePriceHoldsForWouldChange() {
        assertThat(preview(body("1", ", \"serviceTier\": \"batch\"")).getList("days"))
                .isEmpty();
        admin().body(body("1", "")
                        .replace(
                                today.minusDays(4).toString(),
                                today.minusDays(2).toString()))
                .post(PRICES)
                .then()
                .statusCode(201);
        assertThat(preview(body("2", "")).getList("days.day", String.class))
                .as("days before the later entry; its own days are unpriced until they are repriced")
                .contains(today.minusDays(4).toString(), today.minusDays(3).toString());
        assertThat(preview(body("2", "")).getString("days[3].after.amount")).isEqualTo("6");
        String later = today.plusDays(2).toString();
        JsonPath future = preview(body("2", "").replace(today.minusDays(4).toString(), later));
        assertThat(future.getList("days")).isEmpty();
        assertThat(future.getString("start")).isEqualTo(future.getString("end"));
    }

    @Test
    void theHistorySaysWhoAddedWhatAndIsPaged() {
        String first = body("3.750", ", \"cacheReadUsd\": 0.3, \"reason\": \"list price\"");
        admin().body(first)
                .post(PRICES)
                .then()
                .statusCode(201)
                .body("version", equalTo(1))
                .body("inputUsd", equalTo("3.75"))
                .body("cacheReadUsd", equalTo("0.3"))
                .body("cacheWriteUsd", nullValue());
        admin().body(first).post(PRICES).then().statusCode(201).body("version", equalTo(1));
        admin().body(body("4", "")).post(PRICES).then().statusCode(201).body("version", equalTo(2));
        JsonPath page = admin().get(PRICES + "?limit=1&modelId=" + model)
                .then()
                .statusCode(200)
                .body("prices", hasSize(1))
                .body("prices[0].version", equalTo(2))
                .extract()
                .jsonPath();
        admin().get(PRICES + "?limit=1&modelId=" + model + "&cursor=" + page.getString("nextCursor"))
                .then()
                .body("prices", hasSize(1))
                .body("prices[0].reason", equalTo("list price"))
                .body("prices[0].addedBy", equalTo(page.getString("prices[0].addedBy")))
                .body("prices[0].validFrom", equalTo(today.minusDays(4) + "T00:00:00Z"))
                .body("nextCursor", nullValue());
    }

    @Test
    void everyFaultOfAPriceIsReported() {
        admin().body("{\"modelId\": \"x\", \"inputUsd\": -1, \"serviceTier\": \"\", \"currency\": \"EUR\"}")
                .post(PRICES)
                .then()
                .statusCode(400)
                .body(
                        "errors.field",
                        hasItems("modelId", "validFrom", "inputUsd", "outputUsd", "serviceTier", "currency"));
        admin().get(PRICES + "?cursor=x").then().statusCode(400);
        given().auth().oauth2(Tokens.of("org-admin", org)).get(PRICES).then().statusCode(403);
    }
}

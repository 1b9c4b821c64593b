package io.inference.analytics.usage;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
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
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithBackends
class BreakdownIT {

    private static final UUID MODEL_A = UUID.fromString("0a000000-0000-0000-0000-000000000001");
    private static final UUID MODEL_F = UUID.fromString("f0000000-0000-0000-0000-000000000002");

    @Inject
    AgroalDataSource database;

    @Inject
    BreakdownStore breakdowns;

    @Inject
    Jdbi jdbi;

    private final UUID org = UUID.randomUUID();

    /** Raw events are not kept for ever, so what comes from them is asked about these days. */
    private final LocalDate day = LocalDate.now(ZoneOffset.UTC).minusDays(20);

    private void storeMarch() throws SQLException {
        new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-03-01T10:00:00Z")
                        .client("app")
                        .cost("0.12345678"))
                .add(Event.of(org, MODEL_A, "2026-03-01T10:59:59.999Z").cost("0.5"))
                .add(Event.of(org, MODEL_A, "2026-03-01T23:30:00Z")
                        .status("timeout")
                        .cost(null))
                .add(Event.of(org, MODEL_A, "2026-03-03T00:00:00Z")
                        .client("=cmd")
                        .cost(null))
                .store(database);
    }

    /** The lock of another session makes a question of any size take long. */
    @Test
    void whatTakesLongIsAskedAgainWithMoreTime() throws SQLException {
        storeMarch();
        try (Connection other = database.getConnection()) {
            other.setAutoCommit(false);
            other.createStatement().execute("lock table analytics.users in access exclusive mode");
            CompletableFuture<Integer> answer =
                    CompletableFuture.supplyAsync(() -> asked("by", "user", "start", "2026-03-01", "end", "2026-04-01")
                            .get("/analytics/v1/orgs/{org}/breakdown", org)
                            .statusCode());
            Set<Integer> waited = new HashSet<>();
            await("a session of each pool").atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                waited.addAll(jdbi.withHandle(handle -> handle.createQuery(
                                "select pid from pg_locks where relation = 'analytics.users'::regclass and not granted")
                        .mapTo(Integer.class)
                        .list()));
                assertThat(waited).hasSizeGreaterThanOrEqualTo(2);
            });
            other.rollback();
            assertThat(answer.join()).isEqualTo(200);
        }
    }

    private Event event(int daysLater) {
        return Event.of(org, MODEL_A, day.plusDays(daysLater) + "T10:30:00Z");
    }

    private void storeTeams() throws SQLException {
        new StoredUsage()
                .add(event(0).metadata("{\"env\":\"prod\",\"team\":\"a\"}").cost("0.12345678"))
                .add(event(1).metadata("{\"team\":\"a\"}").cost("2"))
                .add(event(2).metadata("{\"env\":\"prod\",\"team\":\"\"}")
                        .status("timeout")
                        .errorCode("upstream")
                        .cost("1"))
                .add(event(3).metadata("{\"env\":\"dev\"}").cost("0.5"))
                .add(event(4).cost(null))
                .store(database);
    }

    private RequestSpecification asked(String... parameters) {
        RequestSpecification request = given().auth().oauth2(Tokens.of("engineer", org));
        for (int i = 0; i < parameters.length; i += 2) {
            request.queryParam(parameters[i], parameters[i + 1]);
        }
        return request;
    }

    private ValidatableResponse usage(String... parameters) {
        return asked(week(parameters))
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then();
    }

    private String[] week(String... parameters) {
        String[] week = Arrays.copyOf(parameters, parameters.length + 4);
        week[parameters.length] = "start";
        week[parameters.length + 1] = day.toString();
        week[parameters.length + 2] = "end";
        week[parameters.length + 3] = day.plusDays(7).toString();
        return week;
    }

    private ValidatableResponse breakdown(String... parameters) {
        return asked(parameters).get("/analytics/v1/orgs/{org}/breakdown", org).then();
    }

    @Test
    void aBreakdownRanksItsRowsAndSaysWhatIsInTheRest() throws SQLException {
        storeMarch();
        new StoredUsage()
                .add(Event.of(org, MODEL_F, "2026-02-25T10:00:00Z")
                        .client("app")
                        .cost("0.1"))
                .store(database);
        String cursor = breakdown("by", "client", "start", "2026-03-01", "end", "2026-03-08", "limit", "1")
                .statusCode(200)
                .body("by", equalTo("client"))
                .body("orderBy", equalTo("cost"))
                .body("previous.start", equalTo("2026-02-22T00:00:00Z"))
                .body("previous.end", equalTo("2026-03-01T00:00:00Z"))
                .body("rows", hasSize(1))
                .body("rows[0]", hasKey("key"))
                .body("rows[0].key", nullValue())
                .body("rows[0].cost.amount", equalTo("0.005"))
                .body("rows[0].change.amount", equalTo("0.005"))
                .body("rows[0].change.ratio", nullValue())
                .body("rest.invocations", equalTo(2))
                .body("rest.cost.amount", equalTo("0.0012345678"))
                .body("rest.previous.cost.amount", equalTo("0.001"))
                .body("totals.cost.amount", equalTo("0.0062345678"))
                .body("totals.share", equalTo(1f))
                .body("totals.change.amount", equalTo("0.0052345678"))
                .body("freshness.status", equalTo("unknown"))
                .extract()
                .path("nextCursor");
        breakdown("by", "client", "start", "2026-03-01", "end", "2026-03-08", "cursor", cursor)
                .body("rows.key", equalTo(List.of("app", "=cmd")))
                .body("rows[1].cost", nullValue())
                .body("rows[1].change.amount", nullValue())
                .body("rest.invocations", equalTo(2))
                .body("$", not(hasKey("nextCursor")));
        breakdown("by", "client", "start", "2026-03-02", "end", "2026-03-08", "cursor", cursor)
                .statusCode(400)
                .body("errors.field", equalTo(List.of("cursor")));
    }

    @Test
    void aBreakdownNamesItsModelsAndRanksByAnyFigure() throws SQLException {
        storeMarch();
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into analytics.models (model_id, name, updated_at) values (?, 'Alpha', now())"
                                + " on conflict (model_id) do update set name = excluded.name")) {
            insert.setObject(1, MODEL_A);
            insert.execute();
        }
        String[] range = {"by", "model", "start", "2026-03-01", "end", "2026-03-08", "compare", "none", "orderBy", ""};
        for (String order : List.of("cost", "invocations", "tokens", "errors", "errorRate")) {
            range[9] = order;
            breakdown(range)
                    .statusCode(200)
                    .body("orderBy", equalTo(order))
                    .body("rows.key", equalTo(List.of(MODEL_A.toString(), MODEL_F.toString())))
                    .body("rows[0].name", equalTo("Alpha"))
                    .body("rows[0]", not(hasKey("previous")))
                    .body("$", not(hasKey("previous")));
        }
    }

    @Test
    void errorCodesComeFromRawEventsOfAWeekAtMost() throws SQLException {
        storeTeams();
        breakdown(week("by", "errorCode", "orderBy", "errors"))
                .statusCode(200)
                .body("rows.key", equalTo(Arrays.asList("upstream", null)))
                .body("rows[0].errors", equalTo(1))
                .body("totals.cost.amount", equalTo("0.0362345678"));
        breakdown(week("by", "errorCode", "status", "timeout")).body("totals.invocations", equalTo(1));
        breakdown(
                        "by",
                        "errorCode",
                        "start",
                        day.toString(),
                        "end",
                        day.plusDays(8).toString())
                .statusCode(400)
                .body("detail", containsString("at most 7 days"));
        breakdown("start", "2026-03-01", "by", "team", "orderBy", "x", "limit", "0", "cursor", "?", "compare", "all")
                .statusCode(400)
                .body("errors.field", containsInAnyOrder("by", "orderBy", "limit", "cursor", "compare"));
    }

    @Test
    void aMetadataKeyHasARowPerValueAndOneOfEventsWithoutIt() throws SQLException {
        storeTeams();
        breakdown(week("by", "metadata.team"))
                .statusCode(200)
                .body("by", equalTo("metadata.team"))
                .body("rows.key", equalTo(Arrays.asList("a", "", null)))
                .body("rows.invocations", equalTo(List.of(2, 1, 2)))
                .body("rows[0].cost.amount", equalTo("0.0212345678"))
                .body("rows[2].unpricedInvocations", equalTo(1))
                .body("rest.invocations", equalTo(0))
                .body("totals.cost.amount", equalTo("0.0362345678"))
                .body("availableFrom", not(nullValue()));
        breakdown(week("by", "metadata.nobody sends it"))
                .statusCode(200)
                .body("rows", hasSize(1))
                .body("rows[0].key", nullValue())
                .body("rows[0].share", equalTo(1f))
                .body("totals.invocations", equalTo(5));
    }

    @Test
    void metadataAndErrorCodesNarrowABreakdownAndUsage() throws SQLException {
        storeTeams();
        breakdown(week("by", "model", "metadata.env", "prod"))
                .body("totals.invocations", equalTo(2))
                .body("totals.cost.amount", equalTo("0.0112345678"));
        breakdown(week("by", "metadata.team", "metadata.env", "prod,dev", "metadata.team", "a"))
                .body("rows.key", equalTo(List.of("a")))
                .body("totals.invocations", equalTo(1));
        usage("metadata.team", "a", "groupBy", "status")
                .statusCode(200)
                .body("series", hasSize(2))
                .body("totals.cost.amount", equalTo("0.0212345678"));
        usage("errorCode", "upstream", "granularity", "hour")
                .body("series.bucketStart", equalTo(List.of(day.plusDays(2) + "T10:00:00Z")))
                .body("totals.errors", equalTo(1));
        usage("metadata.team", "").body("totals.invocations", equalTo(1));
        breakdown(week("by", "metadata.team", "metadata.team", ""))
                .body("rows.key", equalTo(List.of("")))
                .body("totals.invocations", equalTo(1));
        usage("withoutMetadata", "team").body("totals.invocations", equalTo(2));
        breakdown(week("by", "metadata.team", "withoutMetadata", "team", "metadata.team", ""))
                .body("rows.key", containsInAnyOrder("", null))
                .body("totals.invocations", equalTo(3));
        usage("metadata.team", "nobody").body("series", hasSize(0)).body("totals.cost.amount", equalTo("0"));
    }

    @Test
    void aRangeThatRawEventsCannotAnswerIsRefusedAndNamed() {
        String longAgo = day.minusDays(500).toString();
        String[][] questions = {
            {"by", "errorCode"},
            {"by", "metadata.team"},
            {"by", "user", "errorCode", "x"},
            {"by", "user", "metadata.a", "x"}
        };
        for (String[] question : questions) {
            String[] old = Arrays.copyOf(question, question.length + 4);
            System.arraycopy(
                    new String[] {"start", longAgo, "end", day.minusDays(499).toString()}, 0, old, question.length, 4);
            breakdown(old)
                    .statusCode(400)
                    .body("errors.field", equalTo(List.of("start")))
                    .body("detail", containsString("at most 7 days"));
            String[] month = Arrays.copyOf(question, question.length + 2);
            System.arraycopy(new String[] {"period", "last-30-days"}, 0, month, question.length, 2);
            breakdown(month)
                    .statusCode(400)
                    .body("errors.field", equalTo(List.of("period")))
                    .body("detail", containsString("at most 7 days"));
        }
        asked("metadata.team", "a", "start", longAgo, "end", day.minusDays(499).toString())
                .get("/analytics/v1/orgs/{org}/usage", org)
                .then()
                .statusCode(400)
                .body("errors.field", equalTo(List.of("start")));
    }

    @Test
    void tenThousandValuesAreAllThereInPages() throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 10_000; i++) {
            stored.add(event(i % 7).metadata("{\"request\":\"r" + i + "\"}").cost(i + ".00000001"));
        }
        stored.store(database);
        Map<String, List<String>> question = new HashMap<>(Map.of(
                "by", List.of("metadata.request"),
                "limit", List.of("1000"),
                "start", List.of(day.toString()),
                "end", List.of(day.plusDays(7).toString())));
        Set<String> keys = new HashSet<>();
        BigDecimal cost = BigDecimal.ZERO;
        Breakdown page;
        do {
            BreakdownQuery query = BreakdownQuery.parse(org, question, Instant.now());
            page = Breakdown.of(
                    org, query, jdbi.withHandle(handle -> breakdowns.read(handle, org, query)), Instant.EPOCH, null);
            BigDecimal shown = BigDecimal.ZERO;
            for (Breakdown.Row row : page.rows()) {
                keys.add(row.key());
                shown = shown.add(amount(row.part()));
            }
            assertThat(shown.add(amount(page.rest()))).isEqualByComparingTo(amount(page.totals()));
            cost = cost.add(shown);
            question.put("cursor", List.of(String.valueOf(page.nextCursor())));
        } while (page.nextCursor() != null);
        assertThat(keys).hasSize(10_000);
        assertThat(cost).isEqualByComparingTo("499950.000001");
    }

    private static BigDecimal amount(Breakdown.Part part) {
        return new BigDecimal(part.figures().cost().amount());
    }
}

package io.inference.analytics.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.rollup.LocalSpans;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.rollup.UserErasure;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.SharedZones;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Random questions about random events, each answered a second time by PostgreSQL from the raw events, with its own calendar. */
@QuarkusTest
@WithBackends
class UsageEqualsRawEventsIT {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static final String[] STATUSES = {"success", "success", "success", "error", "timeout", "throttled"};
    private static final Instant FROM = Instant.parse("2026-02-20T00:00:00Z");
    private static final int DAYS = 50;

    @Inject
    AgroalDataSource database;

    @Inject
    UsageStore store;

    @Inject
    BreakdownStore breakdowns;

    @Inject
    Jdbi jdbi;

    @Inject
    WantedZones wanted;

    @Inject
    RollupRepair repair;

    @Inject
    UserErasure erasure;

    /** A value of metadata may be empty, and is not the same as none. */
    private static final List<String> METADATA = List.of(
            "{\"team\":\"a\"}",
            "{\"env\":\"x\",\"team\":\"b b\"}",
            "{\"env\":\"x,y\",\"team\":\"\"}",
            "{\"env\":\"\"}");

    private static final List<String> CODES = List.of("rate_limit", "rate,limit");

    private List<String> zones = List.of();
    private final Random random = new Random(20260301);
    private final UUID org = UUID.randomUUID();
    private final List<UUID> models = List.of(UUID.randomUUID(), UUID.randomUUID(), UUID.randomUUID());
    private final List<UUID> users = List.of(UUID.randomUUID(), UUID.randomUUID(), new UUID(0, 0));

    private RawAnswers events;
    private LocalSpans days;

    @BeforeEach
    void begin() {
        events = new RawAnswers(database, org);
        days = new LocalSpans(jdbi, org, FROM.plus(DAYS, ChronoUnit.DAYS));
    }

    @Test
    void whateverIsAskedEqualsTheRawEvents() throws SQLException {
        zones = List.copyOf(SharedZones.of(database, FROM, FROM.plus(DAYS, ChronoUnit.DAYS)));
        store(3_000);
        askAll(120);
        checkBuiltDays();
    }

    /** Days that are built answer as their hours do, and follow every change. */
    private void checkBuiltDays() throws SQLException {
        wanted.store();
        zones = jdbi.withHandle(
                handle -> handle.createQuery("select distinct zone from analytics.wanted_zones where org_id = :org")
                        .bind("org", org)
                        .mapTo(String.class)
                        .list());
        days.build();
        askAll(60);

        store(40);
        assertThat(days.count(false)).isPositive();
        assertThat(days.count(true)).isPositive();
        askAll(60);
        days.build();
        askAll(30);

        jdbi.useHandle(handle -> handle.createUpdate(REPRICE).bind("org", org).execute());
        recompute();
        assertThat(days.count(false)).isPositive();
        askAll(30);
        days.build();
        askAll(30);

        erase(users.get(0));
        assertThat(days.count(false)).isPositive();
        assertThat(rowsOf(users.get(0))).isZero();
        askAll(30);
        days.build();
        askAll(30);
    }

    private static final String REPRICE =
            """
            update analytics.usage_events set cost_estimate_cents = coalesce(cost_estimate_cents, 0) + 0.000001
            where org_id = :org and occurred_at >= '2026-03-10' and occurred_at < '2026-03-13'
            """;

    private void recompute() {
        try {
            repair.recompute(
                    new TimeRange(Instant.parse("2026-03-10T00:00:00Z"), Instant.parse("2026-03-13T00:00:00Z")),
                    day -> {});
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void erase(UUID user) {
        try {
            assertThat(erasure.eraseId(user, day -> {})).isPositive();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private long rowsOf(UUID user) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select count(*) from analytics.usage_user_local_days where user_id = :user")
                .bind("user", user)
                .mapTo(Long.class)
                .one());
    }

    private void store(int events) throws SQLException {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < events; i++) {
            Instant at = at();
            stored.add(Event.of(org, models.get(random.nextInt(3)), at.toString())
                    .client(random.nextBoolean() ? "" : "client" + random.nextInt(3))
                    .user(random.nextInt(3) == 0 ? null : users.get(random.nextInt(3)))
                    .status(STATUSES[random.nextInt(STATUSES.length)])
                    .tokens(random.nextInt(10_000), random.nextInt(1_000))
                    .errorCode(random.nextInt(2) == 0 ? null : CODES.get(random.nextInt(2)))
                    .metadata(random.nextInt(4) == 0 ? null : METADATA.get(random.nextInt(4)))
                    .cost(
                            random.nextInt(4) == 0
                                    ? null
                                    : new BigDecimal(random.nextInt(1_000_000))
                                            .movePointLeft(6)
                                            .toPlainString()));
        }
        stored.store(database);
    }

    private void askAll(int questions) throws SQLException {
        for (int i = 0; i < questions; i++) {
            check(question());
        }
        for (String by : List.of("model", "client", "user")) {
            checkBreakdown(by, BreakdownOrder.COST, Map.of());
        }
        // Clocks go back on 5 April: by half an hour, and within a day that begins at a quarter past.
        for (String zone : List.of("Australia/Lord_Howe", "Pacific/Chatham")) {
            for (String granularity : List.of("hour", "day", "total")) {
                check(Map.of(
                        "start", List.of("2026-04-04"),
                        "end", List.of("2026-04-07"),
                        "granularity", List.of(granularity),
                        "timeZone", List.of(zone)));
            }
        }
        for (String by : List.of("model", "client", "user", "status", "errorCode", "metadata.team", "metadata.none")) {
            for (BreakdownOrder order : BreakdownOrder.values()) {
                checkBreakdown(by, order, Map.of());
            }
            checkBreakdown(by, BreakdownOrder.COST, filters());
        }
    }

    /** A third of them within a microsecond of a quarter of an hour, where days of some zone begin. */
    private Instant at() {
        Instant at = FROM.plusSeconds(random.nextInt(DAYS * 86_400));
        return random.nextInt(3) > 0
                ? at
                : at.truncatedTo(ChronoUnit.DAYS)
                        .plus(15L * random.nextInt(96), ChronoUnit.MINUTES)
                        .plus(random.nextInt(3) - 1, ChronoUnit.MICROS);
    }

    /** All pages of a breakdown, of two rows each, with their rests; both ranges. */
    private void checkBreakdown(String by, BreakdownOrder order, Map<String, List<String>> filters)
            throws SQLException {
        boolean raw = !filters.isEmpty() || by.equals("errorCode") || by.startsWith("metadata.");
        Instant start = FROM.plus(15L * random.nextInt(20 * 96), ChronoUnit.MINUTES);
        Instant end = start.plus(1 + random.nextInt(raw ? 140 : 600), ChronoUnit.HOURS);
        boolean days = random.nextBoolean();
        String zone = zone();
        Map<String, List<String>> question = new HashMap<>(Map.of(
                "by", List.of(by),
                "orderBy", List.of(order.wireName()),
                "start",
                        List.of(
                                days
                                        ? LocalDate.ofInstant(start, ZoneOffset.UTC)
                                                .toString()
                                        : start.toString()),
                "end",
                        List.of(
                                days
                                        ? LocalDate.ofInstant(end, ZoneOffset.UTC)
                                                .plusDays(1)
                                                .toString()
                                        : end.toString()),
                "timeZone", List.of(zone),
                "limit", List.of("2")));
        question.putAll(filters);
        BreakdownQuery asked = BreakdownQuery.parse(org, question, NOW);
        TimeRange used = asked.scope().range();
        TimeRange earlier = asked.compared().orElseThrow();
        if (days) {
            assertThat(used.start().atZone(ZoneId.of(zone)).toLocalDate())
                    .isEqualTo(LocalDate.ofInstant(start, ZoneOffset.UTC));
            assertThat(used.start())
                    .isEqualTo(LocalDate.ofInstant(start, ZoneOffset.UTC)
                            .atStartOfDay(ZoneId.of(zone))
                            .toInstant());
        }
        assertThat(earlier.end()).isEqualTo(used.start());
        Map<String, String> expected = events.breakdown(by, asked, used);
        Map<String, String> before = events.breakdown(by, asked, earlier);
        Map<String, String> answered = new HashMap<>();
        List<BigDecimal> ranks = new ArrayList<>();
        while (true) {
            BreakdownQuery query = BreakdownQuery.parse(org, question, NOW);
            BreakdownStore.Found found = jdbi.withHandle(handle -> breakdowns.read(handle, org, query));
            assertThat(RawAnswers.sums(found.totals().sums()))
                    .as(question.toString())
                    .isEqualTo(expected.get("total"));
            assertThat(RawAnswers.sums(found.totals().before()))
                    .as(question.toString())
                    .isEqualTo(before.get("total"));
            Breakdown shown = Breakdown.of(org, query, found, FROM, null);
            UsageSums rest = found.totals().sums();
            for (BreakdownStore.Ranked row :
                    found.rows().subList(0, shown.rows().size())) {
                assertThat(answered.put(row.key(), RawAnswers.sums(row.sums()))).isNull();
                assertThat(RawAnswers.sums(row.before()))
                        .isEqualTo(before.getOrDefault(row.key(), RawAnswers.sums(UsageSums.NONE)));
                ranks.add(order.of(row.sums()).orElse(BigDecimal.valueOf(-1)));
                rest = rest.minus(row.sums());
            }
            assertThat(shown.rest().figures()).isEqualTo(Breakdown.Figures.of(rest));
            if (shown.nextCursor() == null) {
                break;
            }
            question.put("cursor", List.of(shown.nextCursor()));
        }
        answered.put("total", expected.get("total"));
        assertThat(answered).as(question.toString()).isEqualTo(expected);
        assertThat(ranks).as(question.toString()).isSortedAccordingTo(Comparator.reverseOrder());
    }

    /** One or both conditions that only raw events can meet; of several values each. */
    private Map<String, List<String>> filters() {
        int which = random.nextInt(3);
        Map<String, List<String>> filters = new HashMap<>();
        if (which > 0) {
            filters.put("errorCode", List.of("rate,limit", "unknown"));
        }
        if (which < 2) {
            filters.put("metadata.env", random.nextBoolean() ? List.of("x", "x,y") : List.of(""));
        }
        return filters;
    }

    private Map<String, List<String>> question() {
        Map<String, List<String>> question = new HashMap<>();
        String granularity = List.of("hour", "day", "week", "month", "total").get(random.nextInt(5));
        Instant start = FROM.plus(15L * random.nextInt(DAYS * 96), ChronoUnit.MINUTES);
        int hoursMax = granularity.equals("hour") ? 31 * 24 : DAYS * 24;
        if (random.nextInt(4) == 0) {
            hoursMax = 7 * 24;
            question.putAll(filters());
        }
        question.put("granularity", List.of(granularity));
        question.put("start", List.of(start.toString()));
        question.put(
                "end",
                List.of(start.plus(1 + random.nextInt(hoursMax - 2), ChronoUnit.HOURS)
                        .toString()));
        question.put("timeZone", List.of(zone()));
        List<String> groups = new ArrayList<>();
        for (String group : List.of("model", "client", "user", "status")) {
            if (random.nextInt(3) == 0) {
                groups.add(group);
            }
        }
        if (!groups.isEmpty()) {
            question.put("groupBy", groups);
        }
        if (random.nextInt(4) == 0) {
            question.put(
                    "modelId", List.of(models.get(0).toString(), models.get(1).toString()));
        }
        if (random.nextInt(4) == 0) {
            question.put("clientId", List.of("client1"));
        }
        if (random.nextInt(4) == 0) {
            question.put("userId", List.of(users.get(0) + "," + users.get(2)));
        }
        return question;
    }

    private String zone() {
        List<String> some = random.nextBoolean() ? List.copyOf(new TreeSet<>(SharedZones.WITHIN_HOURS)) : zones;
        return some.get(random.nextInt(some.size()));
    }

    private void check(Map<String, List<String>> question) throws SQLException {
        UsageQuery query = UsageQuery.parse(question, NOW);
        List<String> answered = new ArrayList<>();
        for (UsageRow row : jdbi.withHandle(handle -> store.read(handle, org, query))) {
            answered.add(RawAnswers.line(
                    query.buckets().starts().get(row.bucket()),
                    row.group().model().map(UUID::toString),
                    row.group().client(),
                    row.group().user(),
                    row.group().status(),
                    row.sums().invocations(),
                    row.sums().errors(),
                    new BigDecimal(row.sums().inputTokens()),
                    new BigDecimal(row.sums().outputTokens()),
                    row.sums().costCents().orElse(null),
                    row.sums().unpricedInvocations()));
        }
        assertThat(answered).as(question.toString()).isEqualTo(events.series(query));
    }
}

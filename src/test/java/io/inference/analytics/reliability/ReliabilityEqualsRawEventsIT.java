package io.inference.analytics.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.rollup.LocalSpans;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.testing.SharedZones;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/**
 * Random questions about events of several distributions, each answered a second time by PostgreSQL from the raw events:
 * counts equal, percentiles within 2 % or 1 ms of the exact ones.
 */
@QuarkusTest
@WithBackends
class ReliabilityEqualsRawEventsIT {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static final String[] STATUSES = {
        "success", "success", "success", "success", "error", "timeout", "throttled"
    };
    private static final Instant FROM = Instant.parse("2026-03-20T00:00:00Z");
    private static final int DAYS = 20;

    @Inject
    AgroalDataSource database;

    @Inject
    ReliabilityStore store;

    @Inject
    Jdbi jdbi;

    private List<String> zones = List.of();
    private final Random random = new Random(20260304);
    private final UUID org = UUID.randomUUID();
    private final List<UUID> users = List.of(UUID.randomUUID(), UUID.randomUUID());

    /** Each distribution is one model: log-normal, uniform, two humps, a heavy tail, one value, zeros and small ones. */
    private final Map<UUID, LongSupplier> distributions = Map.of(
            UUID.randomUUID(), () -> Math.round(800 * Math.exp(0.7 * random.nextGaussian())),
            UUID.randomUUID(), () -> random.nextInt(60_000),
            UUID.randomUUID(), () -> random.nextInt(10) < 9 ? 200 + random.nextInt(50) : 30_000 + random.nextInt(100),
            UUID.randomUUID(), () -> Math.round(50 / Math.pow(random.nextDouble() + 1e-9, 0.8)),
            UUID.randomUUID(), () -> 1_234,
            UUID.randomUUID(), () -> random.nextInt(60));

    @Test
    void whateverIsAskedHasTheRawEventsCountsAndPercentiles() throws SQLException {
        zones = List.copyOf(SharedZones.of(database, FROM, FROM.plus(DAYS, ChronoUnit.DAYS)));
        StoredUsage stored = new StoredUsage();
        List<UUID> models = List.copyOf(distributions.keySet());
        for (int i = 0; i < 6_000; i++) {
            UUID model = models.get(random.nextInt(models.size()));
            long latency = distributions.get(model).getAsLong();
            stored.add(Event.of(
                            org,
                            model,
                            FROM.plusSeconds(random.nextInt(DAYS * 86_400)).toString())
                    .client(random.nextBoolean() ? "" : "client" + random.nextInt(3))
                    .user(random.nextInt(3) == 0 ? null : users.get(random.nextInt(2)))
                    .status(STATUSES[random.nextInt(STATUSES.length)])
                    .latency(latency, random.nextInt(3) == 0 ? null : latency / 3));
        }
        stored.store(database);
        for (int i = 0; i < 80; i++) {
            check(question(models));
        }
        checkBuiltParts(models);
    }

    /** Parts of hours that are built answer as the raw events do, and follow late ones. */
    private void checkBuiltParts(List<UUID> models) throws SQLException {
        zones = List.copyOf(SharedZones.WITHIN_HOURS);
        LocalSpans parts = new LocalSpans(jdbi, org, FROM.plus(DAYS, ChronoUnit.DAYS));
        parts.build();
        for (int i = 0; i < 40; i++) {
            check(question(models));
        }
        StoredUsage late = new StoredUsage();
        for (int i = 0; i < 100; i++) {
            // Hours of a midnight of Kolkata, Nepal and others.
            Instant hour =
                    FROM.plus(random.nextInt(DAYS), ChronoUnit.DAYS).plus(17 + random.nextInt(2), ChronoUnit.HOURS);
            late.add(Event.of(
                            org,
                            models.get(0),
                            hour.plusSeconds(random.nextInt(3_600)).toString())
                    .latency(1_234, 617L));
        }
        late.store(database);
        assertThat(parts.count(false)).isPositive();
        for (int i = 0; i < 40; i++) {
            check(question(models));
        }
        parts.build();
        for (int i = 0; i < 40; i++) {
            check(question(models));
        }
    }

    private Map<String, List<String>> question(List<UUID> models) {
        Map<String, List<String>> question = new HashMap<>();
        Instant start = FROM.plus(15L * random.nextInt(DAYS * 96), ChronoUnit.MINUTES);
        boolean byUser = random.nextInt(3) == 0;
        int hoursMax = (byUser ? 7 : DAYS) * 24;
        question.put(
                "granularity",
                List.of(List.of("hour", "day", "week", "month", "total").get(random.nextInt(5))));
        question.put("start", List.of(start.toString()));
        question.put(
                "end",
                List.of(start.plus(1 + random.nextInt(hoursMax), ChronoUnit.HOURS)
                        .toString()));
        List<String> some = random.nextBoolean() ? List.copyOf(new TreeSet<>(SharedZones.WITHIN_HOURS)) : zones;
        question.put("timeZone", List.of(some.get(random.nextInt(some.size()))));
        List<String> groups = new ArrayList<>();
        for (String group : List.of("model", "client")) {
            if (random.nextInt(2) == 0) {
                groups.add(group);
            }
        }
        if (byUser && random.nextBoolean()) {
            groups.add("user");
        } else if (byUser) {
            question.put("userId", List.of(users.get(1).toString()));
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
        return question;
    }

    private void check(Map<String, List<String>> question) throws SQLException {
        ReliabilityQuery query = ReliabilityQuery.parse(question, NOW);
        try (Connection connection = database.getConnection()) {
            ReliabilityStore.Found found = jdbi.withHandle(handle -> store.read(handle, org, query));
            String truncated = query.scope().granularity() == Granularity.TOTAL
                    ? "'" + query.scope().range().start() + "'::timestamptz"
                    : "date_trunc('" + query.scope().granularity().wireName() + "', occurred_at, '"
                            + (query.scope().granularity() == Granularity.HOUR
                                    ? "UTC"
                                    : query.scope().zoneName()) + "')";
            Iterator<ReliabilityRow> points = found.points().iterator();
            for (Exact exact : exact(connection, query, truncated, true)) {
                ReliabilityRow point = points.next();
                String as = question + " " + exact;
                assertThat(query.scope().buckets().starts().get(point.bucket()))
                        .as(as)
                        .isEqualTo(exact.bucket());
                assertThat(point.group().model().map(UUID::toString).orElse(null))
                        .as(as)
                        .isEqualTo(exact.model());
                assertThat(point.group().client().orElse(null)).as(as).isEqualTo(exact.client());
                assertThat(point.group().user().orElse(null)).as(as).isEqualTo(exact.user());
                assertSame(as, point.stats(), exact);
            }
            assertThat(points.hasNext()).isFalse();
            for (Exact exact : exact(connection, query, "null::timestamptz", false)) {
                assertSame(question + " totals", found.totals(), exact);
            }
        }
    }

    private static void assertSame(String as, Stats stats, Exact exact) {
        assertThat(stats.invocations()).as(as).isEqualTo(exact.invocations());
        assertThat(stats.errorsByStatus())
                .as(as)
                .isEqualTo(
                        Map.of("error", exact.errors(), "timeout", exact.timeouts(), "throttled", exact.throttled()));
        assertThat(stats.errorRate())
                .as(as)
                .isEqualTo((double) (exact.errors() + exact.timeouts() + exact.throttled()) / exact.invocations());
        assertSame(as, stats.latencyMs().orElseThrow(), exact.latency());
        assertThat(stats.timeToFirstTokenMs().isPresent()).as(as).isEqualTo(exact.timeToFirstToken() != null);
        if (exact.timeToFirstToken() != null) {
            assertSame(as, stats.timeToFirstTokenMs().get(), exact.timeToFirstToken());
        }
    }

    private static void assertSame(String as, Percentiles found, Long[] exact) {
        double[] values = {found.p50(), found.p95(), found.p99()};
        for (int i = 0; i < values.length; i++) {
            assertThat(Math.abs(values[i] - exact[i]))
                    .as("%s: %s for %s", as, values[i], exact[i])
                    .isLessThanOrEqualTo(Math.max(1, 0.02 * exact[i]));
        }
    }

    private record Exact(
            Instant bucket,
            String model,
            String client,
            String user,
            long invocations,
            long errors,
            long timeouts,
            long throttled,
            Long[] latency,
            Long[] timeToFirstToken) {}

    private List<Exact> exact(Connection connection, ReliabilityQuery query, String bucket, boolean groups)
            throws SQLException {
        String model = groups && query.groupBy().contains(ReliabilityGroupBy.MODEL) ? "model_id::text" : "null::text";
        String client = groups && query.groupBy().contains(ReliabilityGroupBy.CLIENT)
                ? "client_id collate \"C\""
                : "null::text";
        String user = groups && query.groupBy().contains(ReliabilityGroupBy.USER)
                ? "coalesce(actor_id::text, '')"
                : "null::text";
        String sql =
                """
                select %s, %s, %s, %s, count(*), count(*) filter (where status = 'error'),
                       count(*) filter (where status = 'timeout'), count(*) filter (where status = 'throttled'),
                       percentile_disc(array[0.5, 0.95, 0.99]) within group (order by latency_ms),
                       percentile_disc(array[0.5, 0.95, 0.99]) within group (order by time_to_first_token_ms)
                from analytics.usage_events
                where org_id = ? and occurred_at >= ? and occurred_at < ?
                  and (? or model_id = any (?)) and (? or client_id = any (?)) and (? or actor_id = any (?))
                group by 1, 2, 3, 4 order by 1, 2, 3, 4
                """
                        .formatted(bucket, model, client, user);
        List<Exact> exact = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, org);
            select.setObject(2, query.scope().range().start().atOffset(ZoneOffset.UTC));
            select.setObject(3, query.scope().range().end().atOffset(ZoneOffset.UTC));
            select.setBoolean(4, query.scope().models().isEmpty());
            select.setArray(
                    5, connection.createArrayOf("uuid", query.scope().models().toArray()));
            select.setBoolean(6, query.scope().clients().isEmpty());
            select.setArray(
                    7, connection.createArrayOf("text", query.scope().clients().toArray()));
            select.setBoolean(8, query.users().isEmpty());
            select.setArray(9, connection.createArrayOf("uuid", query.users().toArray()));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    OffsetDateTime start = rows.getObject(1, OffsetDateTime.class);
                    exact.add(new Exact(
                            start == null ? null : start.toInstant(),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getString(4),
                            rows.getLong(5),
                            rows.getLong(6),
                            rows.getLong(7),
                            rows.getLong(8),
                            values(rows, 9),
                            values(rows, 10)));
                }
            }
        }
        return exact;
    }

    private static Long[] values(ResultSet rows, int column) throws SQLException {
        java.sql.Array array = rows.getArray(column);
        Long[] values = array == null ? null : (Long[]) array.getArray();
        return values == null || values[0] == null ? null : values;
    }
}

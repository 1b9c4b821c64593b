package io.inference.analytics.reliability;

import io.inference.analytics.database.LongReads;
import io.inference.analytics.reliability.IncidentSummary.Affected;
import io.inference.analytics.reliability.IncidentSummary.ErrorClass;
import io.inference.analytics.reliability.IncidentSummary.Failed;
import io.inference.analytics.reliability.IncidentSummary.Phases;
import io.inference.analytics.reliability.IncidentSummary.Step;
import io.inference.analytics.reliability.IncidentSummary.Window;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Figures of an incident from the raw events, all of one snapshot. */
@ApplicationScoped
class IncidentSummaryStore {

    static final int ENTRIES_MAX = 50;

    /** A summary is read by somebody who waits. */
    private static final Duration STATEMENT_MAX = Duration.ofSeconds(20);

    private static final Duration BEFORE_MIN = Duration.ofHours(1);

    private static final Stats NOTHING =
            new Stats(0, Map.of("error", 0L, "timeout", 0L, "throttled", 0L), Optional.empty(), Optional.empty());

    private static final String FIGURES =
            """
            select case when occurred_at < ? then 'before' when occurred_at < ? then 'during' else 'after' end as phase,
                   model_id, client_id, grouping(model_id) = 0 as by_model, grouping(client_id) = 0 as by_client,
                   count(*) as invocations,
                   count(*) filter (where status = 'error') as errors,
                   count(*) filter (where status = 'timeout') as timeouts,
                   count(*) filter (where status = 'throttled') as throttled,
                   percentile_disc(array[0.5, 0.95, 0.99]) within group (order by latency_ms) as latency,
                   percentile_disc(array[0.5, 0.95, 0.99]) within group (order by time_to_first_token_ms) as first_token
            from analytics.usage_events
            where org_id = ? and occurred_at >= ? and occurred_at < ?
            group by phase, grouping sets ((), (model_id), (client_id), (model_id, client_id))
            """;

    private static final String FAILURES =
            """
            select status, error_code, count(*) as invocations, sum(input_tokens) as input_tokens,
                   sum(output_tokens) as output_tokens, sum(cost_estimate_cents) as cost_cents,
                   count(*) filter (where cost_estimate_cents is null) as unpriced_invocations,
                   min(occurred_at) as first_at, max(occurred_at) as last_at
            from analytics.usage_events
            where org_id = ? and occurred_at >= ? and occurred_at < ? and status <> 'success'
            group by status, error_code
            order by invocations desc, status, error_code
            """;

    private static final String TIMELINE =
            """
            select floor(extract(epoch from occurred_at - ?) / ?)::integer as step, count(*) as invocations,
                   count(*) filter (where status <> 'success') as errors
            from analytics.usage_events
            where org_id = ? and occurred_at >= ? and occurred_at < ?
            group by step
            order by step
            """;

    private static final String ORG_NAME = "select name from analytics.orgs where org_id = ?";
    private static final String MODEL_NAMES = "select model_id, name from analytics.models where model_id = any (?)";

    private final LongReads database;
    private final SpikeRule rule;
    private final Clock clock;

    IncidentSummaryStore(LongReads database, SpikeRule rule, Clock clock) {
        this.database = database;
        this.rule = rule;
        this.clock = clock;
    }

    /** What is told apart: nothing, models, clients, or both. */
    private record Key(Optional<UUID> model, Optional<String> client) {}

    /** The summary of an incident. */
    IncidentSummary read(UUID org, TimeRange incident) {
        try (Connection connection = database.snapshot(STATEMENT_MAX)) {
            IncidentSummary summary = read(connection, org, incident);
            connection.rollback();
            return summary;
        } catch (SQLException e) {
            throw LongReads.failure(e);
        }
    }

    private IncidentSummary read(Connection connection, UUID org, TimeRange incident) throws SQLException {
        Duration length = Duration.between(incident.start(), incident.end());
        Duration around = length.compareTo(BEFORE_MIN) < 0 ? BEFORE_MIN : length;
        Window before = new Window(incident.start().minus(around), incident.start());
        Window after = new Window(incident.end(), incident.end().plus(around));
        Map<Key, Map<String, Stats>> figures = figures(connection, org, before, incident, after);
        List<ErrorClass> classes = new ArrayList<>();
        Failed failed = failures(connection, org, incident, classes);
        return new IncidentSummary(
                org,
                orgName(connection, org),
                before,
                new Window(incident.start(), incident.end()),
                after,
                phases(figures.getOrDefault(new Key(Optional.empty(), Optional.empty()), Map.of())),
                affected(connection, figures, true, false),
                affected(connection, figures, false, true),
                affected(connection, figures, true, true),
                classes,
                failed,
                timeline(connection, org, incident),
                clock.instant());
    }

    private static Map<Key, Map<String, Stats>> figures(
            Connection connection, UUID org, Window before, TimeRange incident, Window after) throws SQLException {
        Map<Key, Map<String, Stats>> figures = new LinkedHashMap<>();
        try (PreparedStatement select = connection.prepareStatement(FIGURES)) {
            bind(select, 1, incident.start());
            bind(select, 2, incident.end());
            select.setObject(3, org);
            bind(select, 4, before.start());
            bind(select, 5, after.end());
            select.setFetchSize(5_000);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    Key key = new Key(
                            rows.getBoolean("by_model")
                                    ? Optional.of(rows.getObject("model_id", UUID.class))
                                    : Optional.empty(),
                            rows.getBoolean("by_client") ? Optional.of(rows.getString("client_id")) : Optional.empty());
                    figures.computeIfAbsent(key, first -> new HashMap<>()).put(rows.getString("phase"), stats(rows));
                }
            }
        }
        return figures;
    }

    private static Stats stats(ResultSet rows) throws SQLException {
        return new Stats(
                rows.getLong("invocations"),
                Map.of(
                        "error", rows.getLong("errors"),
                        "timeout", rows.getLong("timeouts"),
                        "throttled", rows.getLong("throttled")),
                percentiles(rows.getArray("latency")),
                percentiles(rows.getArray("first_token")));
    }

    private static Optional<Percentiles> percentiles(Array array) throws SQLException {
        Object[] values = array == null ? new Object[1] : (Object[]) array.getArray();
        return values[0] == null
                ? Optional.empty()
                : Optional.of(new Percentiles(
                        ((Number) values[0]).doubleValue(),
                        ((Number) values[1]).doubleValue(),
                        ((Number) values[2]).doubleValue()));
    }

    private static Phases phases(Map<String, Stats> stats) {
        return new Phases(phase(stats, "before"), phase(stats, "during"), phase(stats, "after"));
    }

    private static ReliabilitySeries.Figures phase(Map<String, Stats> stats, String phase) {
        return ReliabilitySeries.Figures.of(stats.getOrDefault(phase, NOTHING), Optional.empty());
    }

    private List<Affected> affected(
            Connection connection, Map<Key, Map<String, Stats>> figures, boolean byModel, boolean byClient)
            throws SQLException {
        List<Map.Entry<Key, Map<String, Stats>>> chosen = figures.entrySet().stream()
                .filter(entry -> entry.getKey().model().isPresent() == byModel
                        && entry.getKey().client().isPresent() == byClient
                        && entry.getValue().containsKey("during"))
                .sorted(Comparator.comparing((Map.Entry<Key, Map<String, Stats>> entry) ->
                                causes(entry.getValue()).isEmpty())
                        .thenComparing(entry -> entry.getValue().get("during").errors(), Comparator.reverseOrder())
                        .thenComparing(entry -> entry.getKey().toString()))
                .limit(ENTRIES_MAX)
                .toList();
        Map<UUID, String> names = modelNames(connection, chosen);
        return chosen.stream()
                .map(entry -> new Affected(
                        entry.getKey().model().orElse(null),
                        entry.getKey()
                                .model()
                                .map(model -> names.getOrDefault(model, model.toString()))
                                .orElse(null),
                        entry.getKey().client().orElse(null),
                        !causes(entry.getValue()).isEmpty(),
                        List.copyOf(causes(entry.getValue())),
                        phases(entry.getValue())))
                .toList();
    }

    private Set<SpikeRule.Cause> causes(Map<String, Stats> stats) {
        return rule.causes(stats.getOrDefault("during", NOTHING), stats.getOrDefault("before", NOTHING));
    }

    private static Map<UUID, String> modelNames(Connection connection, List<Map.Entry<Key, Map<String, Stats>>> entries)
            throws SQLException {
        Object[] ids = entries.stream()
                .flatMap(entry -> entry.getKey().model().stream())
                .distinct()
                .toArray();
        Map<UUID, String> names = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement(MODEL_NAMES)) {
            select.setArray(1, connection.createArrayOf("uuid", ids));
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    names.put(rows.getObject(1, UUID.class), rows.getString(2));
                }
            }
        }
        return names;
    }

    private static String orgName(Connection connection, UUID org) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(ORG_NAME)) {
            select.setObject(1, org);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? rows.getString(1) : org.toString();
            }
        }
    }

    /** Adds the classes to the list and returns their sum. */
    private static Failed failures(Connection connection, UUID org, TimeRange incident, List<ErrorClass> classes)
            throws SQLException {
        long invocations = 0;
        long unpriced = 0;
        BigInteger inputTokens = BigInteger.ZERO;
        BigInteger outputTokens = BigInteger.ZERO;
        Optional<BigDecimal> cents = Optional.empty();
        Instant firstAt = null;
        Instant lastAt = null;
        try (PreparedStatement select = connection.prepareStatement(FAILURES)) {
            select.setObject(1, org);
            bind(select, 2, incident.start());
            bind(select, 3, incident.end());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ErrorClass found = new ErrorClass(
                            rows.getString("status"),
                            rows.getString("error_code"),
                            rows.getLong("invocations"),
                            instant(rows, "first_at"),
                            instant(rows, "last_at"));
                    if (classes.size() < ENTRIES_MAX) {
                        classes.add(found);
                    }
                    invocations += found.invocations();
                    unpriced += rows.getLong("unpriced_invocations");
                    inputTokens =
                            inputTokens.add(rows.getBigDecimal("input_tokens").toBigIntegerExact());
                    outputTokens =
                            outputTokens.add(rows.getBigDecimal("output_tokens").toBigIntegerExact());
                    BigDecimal more = rows.getBigDecimal("cost_cents");
                    if (more != null) {
                        cents = Optional.of(cents.orElse(BigDecimal.ZERO).add(more));
                    }
                    firstAt = firstAt == null || found.firstAt().isBefore(firstAt) ? found.firstAt() : firstAt;
                    lastAt = lastAt == null || found.lastAt().isAfter(lastAt) ? found.lastAt() : lastAt;
                }
            }
        }
        return new Failed(
                invocations,
                inputTokens,
                outputTokens,
                invocations == 0
                        ? Cost.ofCents(BigDecimal.ZERO)
                        : cents.map(Cost::ofCents).orElse(null),
                unpriced,
                firstAt,
                lastAt);
    }

    private static List<Step> timeline(Connection connection, UUID org, TimeRange incident) throws SQLException {
        Duration length = Duration.between(incident.start(), incident.end());
        // At most some 120 steps.
        Duration step = length.compareTo(Duration.ofHours(2)) <= 0
                ? Duration.ofMinutes(1)
                : length.compareTo(Duration.ofHours(8)) <= 0 ? Duration.ofMinutes(5) : Duration.ofMinutes(15);
        List<Step> timeline = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(TIMELINE)) {
            bind(select, 1, incident.start());
            select.setLong(2, step.toSeconds());
            select.setObject(3, org);
            bind(select, 4, incident.start());
            bind(select, 5, incident.end());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    Instant start = incident.start().plus(step.multipliedBy(rows.getInt("step")));
                    Instant end = start.plus(step);
                    timeline.add(new Step(
                            start,
                            end.isAfter(incident.end()) ? incident.end() : end,
                            rows.getLong("invocations"),
                            rows.getLong("errors")));
                }
            }
        }
        return timeline;
    }

    private static void bind(PreparedStatement select, int index, Instant time) throws SQLException {
        select.setObject(index, time.atOffset(ZoneOffset.UTC));
    }

    private static Instant instant(ResultSet rows, String column) throws SQLException {
        return rows.getObject(column, OffsetDateTime.class).toInstant();
    }
}

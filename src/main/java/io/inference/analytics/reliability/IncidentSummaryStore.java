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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.generic.GenericType;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** Figures of an incident from the raw events, all from one snapshot. */
@ApplicationScoped
class IncidentSummaryStore {

    static final int ENTRIES_MAX = 50;

    /** A person waits for the summary. */
    private static final Duration STATEMENT_MAX = Duration.ofSeconds(20);

    private static final Duration BEFORE_MIN = Duration.ofHours(1);

    private static final Stats NOTHING =
            new Stats(0, Map.of("error", 0L, "timeout", 0L, "throttled", 0L), Optional.empty(), Optional.empty());

    private static final String FIGURES =
            """
            select case when occurred_at < :start then 'before' when occurred_at < :end then 'during' else 'after' end as phase,
                   model_id, client_id, grouping(model_id) = 0 as by_model, grouping(client_id) = 0 as by_client,
                   count(*) as invocations,
                   count(*) filter (where status = 'error') as errors,
                   count(*) filter (where status = 'timeout') as timeouts,
                   count(*) filter (where status = 'throttled') as throttled,
                   percentile_disc(array[0.5, 0.95, 0.99]) within group (order by latency_ms) as latency,
                   percentile_disc(array[0.5, 0.95, 0.99]) within group (order by time_to_first_token_ms) as first_token
            from analytics.usage_events
            where org_id = :org and occurred_at >= :from and occurred_at < :to
            group by phase, grouping sets ((), (model_id), (client_id), (model_id, client_id))
            """;

    private static final String FAILURES =
            """
            select status, error_code, count(*) as invocations, sum(input_tokens) as input_tokens,
                   sum(output_tokens) as output_tokens, sum(cost_estimate_cents) as cost_cents,
                   count(*) filter (where cost_estimate_cents is null) as unpriced_invocations,
                   min(occurred_at) as first_at, max(occurred_at) as last_at
            from analytics.usage_events
            where org_id = :org and occurred_at >= :start and occurred_at < :end and status <> 'success'
            group by status, error_code
            order by invocations desc, status, error_code
            """;

    private static final String TIMELINE =
            """
            select floor(extract(epoch from occurred_at - :start) / :stepSeconds)::integer as step, count(*) as invocations,
                   count(*) filter (where status <> 'success') as errors
            from analytics.usage_events
            where org_id = :org and occurred_at >= :start and occurred_at < :end
            group by step
            order by step
            """;

    private static final String ORG_NAME = "select name from analytics.orgs where org_id = :org";
    private static final String MODEL_NAMES =
            "select model_id, name from analytics.models where model_id = any (:models)";

    private final LongReads database;
    private final SpikeRule rule;
    private final Clock clock;

    IncidentSummaryStore(LongReads database, SpikeRule rule, Clock clock) {
        this.database = database;
        this.rule = rule;
        this.clock = clock;
    }

    /** What the figures are split by: nothing, models, clients, or both. */
    private record Key(Optional<UUID> model, Optional<String> client) {}

    /** One phase of what is split out. */
    private record Figure(Key key, String phase, Stats stats) {}

    /** Failures of one kind, with what the answer has only as sums over all kinds. */
    private record Failure(
            ErrorClass kind,
            BigInteger inputTokens,
            BigInteger outputTokens,
            Optional<BigDecimal> costCents,
            long unpricedInvocations) {}

    /** The summary of an incident. */
    IncidentSummary read(UUID org, TimeRange incident) {
        return database.read(STATEMENT_MAX, handle -> read(handle, org, incident));
    }

    private IncidentSummary read(Handle handle, UUID org, TimeRange incident) {
        Duration length = Duration.between(incident.start(), incident.end());
        Duration around = length.compareTo(BEFORE_MIN) < 0 ? BEFORE_MIN : length;
        Window before = new Window(incident.start().minus(around), incident.start());
        Window after = new Window(incident.end(), incident.end().plus(around));
        Map<Key, Map<String, Stats>> figures = figures(handle, org, before, incident, after);
        List<Failure> failures = failures(handle, org, incident);
        return new IncidentSummary(
                org,
                orgName(handle, org),
                before,
                new Window(incident.start(), incident.end()),
                after,
                phases(figures.getOrDefault(new Key(Optional.empty(), Optional.empty()), Map.of())),
                affected(handle, figures, true, false),
                affected(handle, figures, false, true),
                affected(handle, figures, true, true),
                failures.stream().limit(ENTRIES_MAX).map(Failure::kind).toList(),
                failed(failures),
                timeline(handle, org, incident),
                clock.instant());
    }

    private static Map<Key, Map<String, Stats>> figures(
            Handle handle, UUID org, Window before, TimeRange incident, Window after) {
        Map<Key, Map<String, Stats>> figures = new LinkedHashMap<>();
        try (Query select = handle.createQuery(FIGURES)) {
            bind(select, org, incident)
                    .bind("from", before.start())
                    .bind("to", after.end())
                    .setFetchSize(5_000)
                    .map(row -> new Figure(key(row), row.getColumn("phase", String.class), stats(row)))
                    .forEach(figure -> figures.computeIfAbsent(figure.key(), first -> new HashMap<>())
                            .put(figure.phase(), figure.stats()));
        }
        return figures;
    }

    private static Query bind(Query select, UUID org, TimeRange incident) {
        return select.bind("org", org).bind("start", incident.start()).bind("end", incident.end());
    }

    private static Key key(RowView row) {
        return new Key(
                row.getColumn("by_model", Boolean.class)
                        ? Optional.of(row.getColumn("model_id", UUID.class))
                        : Optional.empty(),
                row.getColumn("by_client", Boolean.class)
                        ? Optional.of(row.getColumn("client_id", String.class))
                        : Optional.empty());
    }

    private static Stats stats(RowView row) {
        return new Stats(
                row.getColumn("invocations", Long.class),
                Map.of(
                        "error", row.getColumn("errors", Long.class),
                        "timeout", row.getColumn("timeouts", Long.class),
                        "throttled", row.getColumn("throttled", Long.class)),
                percentiles(row.getColumn("latency", Long[].class)),
                percentiles(row.getColumn("first_token", Long[].class)));
    }

    /** Those of no values are null, alone or each. */
    private static Optional<Percentiles> percentiles(Long[] values) {
        return values == null || values[0] == null
                ? Optional.empty()
                : Optional.of(new Percentiles(values[0], values[1], values[2]));
    }

    private static Phases phases(Map<String, Stats> stats) {
        return new Phases(phase(stats, "before"), phase(stats, "during"), phase(stats, "after"));
    }

    private static ReliabilitySeries.Figures phase(Map<String, Stats> stats, String phase) {
        return ReliabilitySeries.Figures.of(stats.getOrDefault(phase, NOTHING), Optional.empty());
    }

    private List<Affected> affected(
            Handle handle, Map<Key, Map<String, Stats>> figures, boolean byModel, boolean byClient) {
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
        Map<UUID, String> names = modelNames(handle, chosen);
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

    private static Map<UUID, String> modelNames(Handle handle, List<Map.Entry<Key, Map<String, Stats>>> entries) {
        List<UUID> models = entries.stream()
                .flatMap(entry -> entry.getKey().model().stream())
                .distinct()
                .toList();
        return handle.createQuery(MODEL_NAMES)
                .bindArray("models", UUID.class, models)
                .setMapKeyColumn("model_id")
                .setMapValueColumn("name")
                .collectInto(new GenericType<Map<UUID, String>>() {});
    }

    private static String orgName(Handle handle, UUID org) {
        return handle.createQuery(ORG_NAME)
                .bind("org", org)
                .mapTo(String.class)
                .findOne()
                .orElse(org.toString());
    }

    /** The kinds of failure, the most frequent first. */
    private static List<Failure> failures(Handle handle, UUID org, TimeRange incident) {
        try (Query select = handle.createQuery(FAILURES)) {
            return bind(select, org, incident)
                    .map(row -> new Failure(
                            new ErrorClass(
                                    row.getColumn("status", String.class),
                                    row.getColumn("error_code", String.class),
                                    row.getColumn("invocations", Long.class),
                                    row.getColumn("first_at", Instant.class),
                                    row.getColumn("last_at", Instant.class)),
                            row.getColumn("input_tokens", BigDecimal.class).toBigIntegerExact(),
                            row.getColumn("output_tokens", BigDecimal.class).toBigIntegerExact(),
                            Optional.ofNullable(row.getColumn("cost_cents", BigDecimal.class)),
                            row.getColumn("unpriced_invocations", Long.class)))
                    .list();
        }
    }

    private static Failed failed(List<Failure> failures) {
        Optional<BigDecimal> cents = failures.stream()
                .flatMap(failure -> failure.costCents().stream())
                .reduce(BigDecimal::add);
        return new Failed(
                failures.stream()
                        .mapToLong(failure -> failure.kind().invocations())
                        .sum(),
                failures.stream().map(Failure::inputTokens).reduce(BigInteger.ZERO, BigInteger::add),
                failures.stream().map(Failure::outputTokens).reduce(BigInteger.ZERO, BigInteger::add),
                failures.isEmpty()
                        ? Cost.ofCents(BigDecimal.ZERO)
                        : cents.map(Cost::ofCents).orElse(null),
                failures.stream().mapToLong(Failure::unpricedInvocations).sum(),
                failures.stream()
                        .map(failure -> failure.kind().firstAt())
                        .min(Comparator.naturalOrder())
                        .orElse(null),
                failures.stream()
                        .map(failure -> failure.kind().lastAt())
                        .max(Comparator.naturalOrder())
                        .orElse(null));
    }

    private static List<Step> timeline(Handle handle, UUID org, TimeRange incident) {
        Duration length = Duration.between(incident.start(), incident.end());
        // At most some 120 steps.
        Duration step = length.compareTo(Duration.ofHours(2)) <= 0
                ? Duration.ofMinutes(1)
                : length.compareTo(Duration.ofHours(8)) <= 0 ? Duration.ofMinutes(5) : Duration.ofMinutes(15);
        try (Query select = handle.createQuery(TIMELINE)) {
            return bind(select, org, incident)
                    .bind("stepSeconds", step.toSeconds())
                    .map(row -> {
                        Instant start = incident.start().plus(step.multipliedBy(row.getColumn("step", Integer.class)));
                        Instant end = start.plus(step);
                        return new Step(
                                start,
                                end.isAfter(incident.end()) ? incident.end() : end,
                                row.getColumn("invocations", Long.class),
                                row.getColumn("errors", Long.class));
                    })
                    .list();
        }
    }
}

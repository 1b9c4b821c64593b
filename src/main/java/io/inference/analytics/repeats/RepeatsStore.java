package io.inference.analytics.repeats;

import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.GroupBy;
import io.inference.analytics.usage.GroupNames;
import io.inference.analytics.usage.NameStore;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** Duplicates and conflicts of an organisation, by client and model, next to what is stored of these. */
@ApplicationScoped
class RepeatsStore {

    /** Bounds an answer; the rows with most conflicts come first, and the totals are of all. */
    static final int ROWS_MAX = 1_000;

    private static final String SUMS =
            """
            select grouping(client_id) = 1 as total, client_id, model_id, count(distinct (client_id, model_id)) as groups,
                   coalesce(sum(duplicates), 0) as duplicates,
                   coalesce(sum(duplicate_input_tokens), 0) as duplicate_input_tokens,
                   coalesce(sum(duplicate_output_tokens), 0) as duplicate_output_tokens,
                   coalesce(sum(conflicts), 0) as conflicts,
                   coalesce(sum(stored_input_tokens), 0) as stored_input_tokens,
                   coalesce(sum(stored_output_tokens), 0) as stored_output_tokens,
                   coalesce(sum(refused_input_tokens), 0) as refused_input_tokens,
                   coalesce(sum(refused_output_tokens), 0) as refused_output_tokens,
                   coalesce(sum(stored_cost_cents), 0) as stored_cost_cents,
                   coalesce(sum(refused_cost_cents), 0) as refused_cost_cents,
                   coalesce(sum(unpriced_conflicts), 0) as unpriced_conflicts
            from analytics.ingestion_repeats
            where org_id = :org and bucket_start >= :start and bucket_start < :end %s
            group by grouping sets ((), (client_id, model_id))
            order by total desc, conflicts desc, duplicates desc, client_id collate "C", model_id
            limit :limit
            """;

    // Flyway writes the session's local time; a session of this service has the same zone. Where no event was stored
    // before
    // the service counts, as in a new installation, nothing is missing.
    private static final String COUNTED_FROM =
            """
            select greatest(:kept, max(upgrade.at)) as counted_from
            from (select installed_on at time zone current_setting('TimeZone') as at
                  from analytics.flyway_schema_history where version = '35') as upgrade
            where exists (select from analytics.ingestion_batches where committed_at < upgrade.at)
            """;

    private final UsageStore usage;
    private final NameStore names;

    RepeatsStore(UsageStore usage, NameStore names) {
        this.usage = usage;
        this.names = names;
    }

    /**
     * Those of one client and model, or of all.
     *
     * @param group the client and the model; empty for the totals
     * @param modelName what people call the model
     * @param events how many are stored in the range
     * @param sums what was not stored in the range
     */
    record Part(SeriesGroup group, Optional<String> modelName, long events, RepeatSums sums) {}

    /**
     * What was found.
     *
     * @param rows those with most conflicts first
     * @param totals of all, shown or not
     * @param rowsLeftOut how many more rows there are
     */
    record Found(List<Part> rows, Part totals, long rowsLeftOut) {}

    private record Sums(boolean total, SeriesGroup group, long groups, RepeatSums sums) {}

    Found read(Handle handle, UUID org, SeriesScope scope) {
        List<Sums> found = new ArrayList<>(sums(handle, org, scope));
        Sums totals = found.remove(0);
        Map<SeriesGroup, Long> events = found.isEmpty() ? Map.of() : events(handle, org, scope, found);
        GroupNames called = names.of(handle, found.stream().map(Sums::group));
        List<Part> rows = found.stream()
                .map(row -> new Part(
                        row.group(), called.model(row.group()), events.getOrDefault(row.group(), 0L), row.sums()))
                .toList();
        long all = usage.read(handle, org, UsageQuery.of(scope, Set.of())).stream()
                .mapToLong(row -> row.sums().invocations())
                .sum();
        return new Found(
                rows, new Part(SeriesGroup.ALL, Optional.empty(), all, totals.sums()), totals.groups() - rows.size());
    }

    /**
     * Since when the figures are whole: since the service counts by client, or as long as raw events are kept.
     *
     * @param kept the first moment of which everything is kept
     */
    Instant countedFrom(Handle handle, Instant kept) {
        return handle.createQuery(COUNTED_FROM)
                .bind("kept", kept)
                .mapTo(Instant.class)
                .one();
    }

    private static List<Sums> sums(Handle handle, UUID org, SeriesScope scope) {
        String filter = (scope.models().isEmpty() ? "" : "and model_id = any (:models) ")
                + (scope.clients().isEmpty() ? "" : "and client_id = any (:clients)");
        try (Query select = handle.createQuery(SUMS.formatted(filter))) {
            select.bind("org", org)
                    .bind("start", scope.range().start())
                    .bind("end", scope.range().end())
                    .bind("limit", ROWS_MAX + 1);
            if (!scope.models().isEmpty()) {
                select.bindArray("models", UUID.class, scope.models());
            }
            if (!scope.clients().isEmpty()) {
                select.bindArray("clients", String.class, scope.clients());
            }
            return select.map(RepeatsStore::row).list();
        }
    }

    /** What is stored of the clients and models that have repetitions, model by model: clients times models may be too many. */
    private Map<SeriesGroup, Long> events(Handle handle, UUID org, SeriesScope scope, List<Sums> found) {
        Map<UUID, Set<String>> clients = found.stream()
                .collect(Collectors.groupingBy(
                        row -> row.group().model().orElseThrow(),
                        Collectors.mapping(row -> row.group().client().orElseThrow(), Collectors.toSet())));
        Map<SeriesGroup, Long> events = new HashMap<>();
        clients.forEach((model, some) -> {
            UsageQuery query = UsageQuery.of(scope.with(Set.of(model), some), Set.of(GroupBy.MODEL, GroupBy.CLIENT));
            for (UsageRow row : usage.read(handle, org, query)) {
                events.put(row.group(), row.sums().invocations());
            }
        });
        return events;
    }

    private static Sums row(RowView row) {
        return new Sums(
                row.getColumn("total", Boolean.class),
                new SeriesGroup(
                        Optional.empty(),
                        Optional.ofNullable(row.getColumn("model_id", UUID.class)),
                        Optional.ofNullable(row.getColumn("client_id", String.class)),
                        Optional.empty(),
                        Optional.empty()),
                row.getColumn("groups", Long.class),
                new RepeatSums(
                        row.getColumn("duplicates", Long.class),
                        tokens(row, "duplicate"),
                        row.getColumn("conflicts", Long.class),
                        tokens(row, "stored"),
                        tokens(row, "refused"),
                        row.getColumn("stored_cost_cents", BigDecimal.class),
                        row.getColumn("refused_cost_cents", BigDecimal.class),
                        row.getColumn("unpriced_conflicts", Long.class)));
    }

    private static RepeatSums.Tokens tokens(RowView row, String whose) {
        return new RepeatSums.Tokens(integer(row, whose + "_input_tokens"), integer(row, whose + "_output_tokens"));
    }

    private static BigInteger integer(RowView row, String column) {
        return row.getColumn(column, BigDecimal.class).toBigIntegerExact();
    }
}

package io.inference.analytics.forecast;

import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.BreakdownBy;
import io.inference.analytics.usage.Costliest;
import io.inference.analytics.usage.Costliest.Part;
import io.inference.analytics.usage.GroupBy;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** Reads the costs among which unusual ones are found, as the usage API shows them. */
@ApplicationScoped
class AnomalyStore {

    /** Models and clients that cost less than so many others are not looked at. */
    static final int PARTS_MAX = 20;

    private final UsageStore usage;
    private final Costliest costliest;

    AnomalyStore(UsageStore usage, Costliest costliest) {
        this.usage = usage;
        this.costliest = costliest;
    }

    /**
     * Costs of the range and of the weeks before it.
     *
     * @param org of the whole organisation
     * @param models of the models that cost most
     * @param clients of the clients that cost most
     */
    record Costs(CostsByWeek org, Map<Part, CostsByWeek> models, Map<Part, CostsByWeek> clients) {}

    Costs read(Handle handle, UUID org, AnomalyQuery query) {
        SeriesScope whole = query.whole();
        Map<String, Part> models = parts(costliest.read(handle, org, whole, BreakdownBy.MODEL, PARTS_MAX));
        Map<String, Part> clients = parts(costliest.read(handle, org, whole, BreakdownBy.CLIENT, PARTS_MAX));
        Set<UUID> modelIds = models.keySet().stream().map(UUID::fromString).collect(Collectors.toSet());
        Map<Part, CostsByWeek> byModel = new LinkedHashMap<>();
        Map<Part, CostsByWeek> byClient = new LinkedHashMap<>();
        models.values().forEach(part -> byModel.put(part, new CostsByWeek()));
        clients.values().forEach(part -> byClient.put(part, new CostsByWeek()));
        if (!models.isEmpty()) {
            for (SeriesScope window : query.windows()) {
                add(
                        handle,
                        org,
                        window.with(modelIds, window.clients()),
                        GroupBy.MODEL,
                        row -> byModel.get(
                                models.get(row.group().model().orElseThrow().toString())));
                add(
                        handle,
                        org,
                        window.with(window.models(), clients.keySet()),
                        GroupBy.CLIENT,
                        row -> byClient.get(clients.get(row.group().client().orElseThrow())));
            }
        }
        return new Costs(readWhole(handle, org, query), byModel, byClient);
    }

    /** Of the whole organisation only. */
    CostsByWeek readWhole(Handle handle, UUID org, AnomalyQuery query) {
        CostsByWeek all = new CostsByWeek();
        for (SeriesScope window : query.windows()) {
            usage.read(handle, org, UsageQuery.of(window, Set.of())).forEach(row -> all.add(window, row));
        }
        return all;
    }

    private static Map<String, Part> parts(List<Part> found) {
        return found.stream()
                .collect(Collectors.toMap(Part::key, Function.identity(), (a, b) -> a, LinkedHashMap::new));
    }

    private void add(
            Handle handle, UUID org, SeriesScope window, GroupBy groupBy, Function<UsageRow, CostsByWeek> part) {
        usage.read(handle, org, UsageQuery.of(window, Set.of(groupBy)))
                .forEach(row -> part.apply(row).add(window, row));
    }
}

package io.inference.analytics.forecast;

import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.usage.BreakdownBy;
import io.inference.analytics.usage.Costliest;
import io.inference.analytics.usage.Costliest.Part;
import io.inference.analytics.usage.GroupBy;
import io.inference.analytics.usage.UsageQuery;
import io.inference.analytics.usage.UsageRow;
import io.inference.analytics.usage.UsageStore;
import io.inference.analytics.usage.UserIds;
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

    /** Models, clients and users that cost less than so many others are not looked at. */
    static final int PARTS_MAX = 20;

    private final UsageStore usage;
    private final Costliest costliest;
    private final UserIds userIds;

    AnomalyStore(UsageStore usage, Costliest costliest, UserIds userIds) {
        this.usage = usage;
        this.costliest = costliest;
        this.userIds = userIds;
    }

    /**
     * Costs of the range and of the weeks before it.
     *
     * @param org of the whole organisation
     * @param models of the models that cost most
     * @param clients of the clients that cost most
     * @param users of the users that cost most; none where the organisation shows no figures by user
     */
    record Costs(
            CostsByWeek org,
            Map<Part, CostsByWeek> models,
            Map<Part, CostsByWeek> clients,
            Map<Part, CostsByWeek> users) {}

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
        return new Costs(readWhole(handle, org, query), byModel, byClient, readUsers(handle, org, query));
    }

    /** Events without a user are not a user. */
    private Map<Part, CostsByWeek> readUsers(Handle handle, UUID org, AnomalyQuery query) {
        Map<Part, CostsByWeek> byUser = new LinkedHashMap<>();
        if (!userIds.areShown(handle, org)) {
            return byUser;
        }
        Map<String, Part> users = parts(costliest.read(handle, org, query.whole(), BreakdownBy.USER, PARTS_MAX));
        users.remove("");
        if (users.isEmpty()) {
            return byUser;
        }
        users.values().forEach(part -> byUser.put(part, new CostsByWeek()));
        Set<UUID> ids = users.keySet().stream().map(UUID::fromString).collect(Collectors.toSet());
        for (SeriesScope window : query.windows()) {
            usage.read(handle, org, UsageQuery.of(window, Set.of(GroupBy.USER)).withUsers(ids))
                    .forEach(row -> byUser.get(users.get(row.group().user().orElseThrow()))
                            .add(window, row));
        }
        return byUser;
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

package io.inference.analytics.reliability;

import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What a caller asks about reliability, checked.
 *
 * @param scope when, in which buckets, and of whom
 * @param users only these; empty means all
 * @param groupBy what points are split by
 * @param highlighted the percentile to highlight
 * @param spikesOnly whether only points are shown that are spikes
 */
public record ReliabilityQuery(
        SeriesScope scope,
        Set<UUID> users,
        Set<ReliabilityGroupBy> groupBy,
        Optional<Percentile> highlighted,
        boolean spikesOnly) {

    /**
     * Reads and checks the parameters of a query string.
     *
     * @param now the end of a range that has no other
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    public static ReliabilityQuery parse(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<SeriesScope> scope = SeriesScope.parse(parameters, now);
        Set<UUID> users = parameters.repeatable("userId", ParameterValues::uuid);
        Set<ReliabilityGroupBy> groupBy = EnumSet.noneOf(ReliabilityGroupBy.class);
        groupBy.addAll(parameters.repeatable(
                "groupBy", QueryParameters.oneOf(ReliabilityGroupBy.values(), ReliabilityGroupBy::wireName)));
        Optional<Percentile> highlighted =
                parameters.optional("percentile", QueryParameters.oneOf(Percentile.values(), Percentile::wireName));
        boolean spikesOnly = parameters
                .optional("spike", QueryParameters.oneOf(new String[] {"true"}, word -> word))
                .isPresent();
        if (readsRawEvents(users, groupBy)) {
            scope.ifPresent(asked -> asked.checkRawLength(parameters, users.isEmpty() ? "groupBy=user" : "userId"));
        }
        parameters.finish();
        return new ReliabilityQuery(scope.orElseThrow(), users, groupBy, highlighted, spikesOnly);
    }

    private static boolean readsRawEvents(Set<UUID> users, Set<ReliabilityGroupBy> groupBy) {
        return !users.isEmpty() || groupBy.contains(ReliabilityGroupBy.USER);
    }

    /** Whether the histograms of the rollups cannot answer. */
    boolean readsRawEvents() {
        return readsRawEvents(users, groupBy);
    }
}

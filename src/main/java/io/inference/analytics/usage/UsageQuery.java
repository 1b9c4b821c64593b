package io.inference.analytics.usage;

import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
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
 * What a caller asks about usage, checked.
 *
 * @param scope when, in which buckets, and of whom
 * @param users only these; empty means all
 * @param statuses only invocations that ended so; empty means all
 * @param raw conditions that only raw events can meet
 * @param groupBy what points are split by
 * @param fillZero whether buckets without usage are shown too
 */
public record UsageQuery(
        SeriesScope scope,
        Set<UUID> users,
        Set<String> statuses,
        RawFilter raw,
        Set<GroupBy> groupBy,
        boolean fillZero) {

    /** All of a scope. */
    public static UsageQuery of(SeriesScope scope, Set<GroupBy> groupBy) {
        return new UsageQuery(scope, Set.of(), Set.of(), RawFilter.NONE, groupBy, false);
    }

    /**
     * Reads and checks the parameters of a query string.
     *
     * @param now the end of a range that has no other
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    public static UsageQuery parse(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<SeriesScope> scope = SeriesScope.parse(parameters, now);
        Set<UUID> users = parameters.repeatable("userId", ParameterValues::uuid);
        RawFilter raw = RawFilter.parse(parameters);
        raw.asked().ifPresent(rawEvents -> scope.ifPresent(asked -> asked.checkRawLength(parameters, rawEvents)));
        return parse(parameters, scope, users, raw, GroupBy.OF_ORG);
    }

    /** The same for a question about all organisations, which is never about users, and never reads raw events. */
    static UsageQuery parseAcrossOrgs(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        return parse(parameters, SeriesScope.parse(parameters, now), Set.of(), RawFilter.NONE, GroupBy.ACROSS_ORGS);
    }

    private static UsageQuery parse(
            QueryParameters parameters,
            Optional<SeriesScope> scope,
            Set<UUID> users,
            RawFilter raw,
            Set<GroupBy> groups) {
        Set<String> statuses = parameters.repeatable("status", ParameterValues::status);
        Set<GroupBy> groupBy = EnumSet.noneOf(GroupBy.class);
        groupBy.addAll(parameters.repeatable(
                "groupBy", QueryParameters.oneOf(groups.toArray(GroupBy[]::new), GroupBy::wireName)));
        boolean fillZero = parameters
                .optional("fill", QueryParameters.oneOf(new String[] {"zero"}, word -> word))
                .isPresent();
        parameters.finish();
        return new UsageQuery(scope.orElseThrow(), users, statuses, raw, groupBy, fillZero);
    }

    /** The same question about some users; empty means all. */
    public UsageQuery withUsers(Set<UUID> some) {
        return new UsageQuery(scope, some, statuses, raw, groupBy, fillZero);
    }

    /** The same question about some clients, whose ids may hold a comma; empty means all. */
    public UsageQuery withClients(Set<String> some) {
        return new UsageQuery(scope.with(scope.models(), some), users, statuses, raw, groupBy, fillZero);
    }

    public TimeRange range() {
        return scope.range();
    }

    public Granularity granularity() {
        return scope.granularity();
    }

    public Set<UUID> models() {
        return scope.models();
    }

    public Set<String> clients() {
        return scope.clients();
    }

    /** Whether the rollups by user answer. */
    boolean isAboutUsers() {
        return !users.isEmpty() || groupBy.contains(GroupBy.USER);
    }

    public Buckets buckets() {
        return scope.buckets();
    }

    /** The name of the zone as the answer shows it. */
    public String zoneName() {
        return scope.zoneName();
    }
}

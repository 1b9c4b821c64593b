package io.inference.analytics.company;

import io.inference.analytics.series.AskedRange;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.QueryParameters;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A checked question about figures of the whole company.
 *
 * @param range edges snapped outward to whole UTC days: providers report by day
 * @param groupBy what rows are split by, in the order of the enumeration
 * @param workspaces only these, by id or {@code default}; empty means all, and costs without one
 * @param reportedOnly without the workspaces that reports leave out
 */
record CompanyQuery(TimeRange range, Set<CompanyGroup> groupBy, Set<String> workspaces, boolean reportedOnly) {

    private static final int WORKSPACES_MAX = 100;

    private static final Duration RANGE_MAX = Duration.ofDays(400);

    LocalDate first() {
        return LocalDate.ofInstant(range.start(), ZoneOffset.UTC);
    }

    /** The first day after the range. */
    LocalDate end() {
        return LocalDate.ofInstant(range.end(), ZoneOffset.UTC);
    }

    long days() {
        return ChronoUnit.DAYS.between(first(), end());
    }

    /**
     * Reads start, end, period and groupBy.
     *
     * @param offered the groups that the resource supports
     * @param now the end of a range that has no other
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static CompanyQuery parse(Map<String, List<String>> given, Set<CompanyGroup> offered, Instant now) {
        return parse(QueryParameters.of(given), offered, now, Set.of(), false);
    }

    /** The same for bills, which can be limited to workspaces. */
    static CompanyQuery parseBills(Map<String, List<String>> given, Set<CompanyGroup> offered, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Set<String> workspaces = parameters.repeatable("workspaceId", CompanyQuery::workspace);
        if (workspaces.size() > WORKSPACES_MAX) {
            parameters.fault("workspaceId", "workspaceId: too many (expected: at most " + WORKSPACES_MAX + ")");
        }
        boolean reported = parameters
                .optional("reported", QueryParameters.oneOf(new String[] {"true", "false"}, word -> word))
                .filter("true"::equals)
                .isPresent();
        return parse(parameters, offered, now, workspaces, reported);
    }

    private static String workspace(String text) throws QueryParameters.Fault {
        if (text.matches("[A-Za-z0-9_-]{1,100}")) {
            return text;
        }
        throw new QueryParameters.Fault("not a workspace id (expected: wrkspc_… or default)");
    }

    private static CompanyQuery parse(
            QueryParameters parameters,
            Set<CompanyGroup> offered,
            Instant now,
            Set<String> workspaces,
            boolean reported) {
        Optional<AskedRange> asked = AskedRange.parse(parameters, now, ZoneOffset.UTC);
        Set<CompanyGroup> groups = parameters.repeatable(
                "groupBy", QueryParameters.oneOf(offered.toArray(CompanyGroup[]::new), CompanyGroup::wireName));
        asked.ifPresent(range -> checkLength(parameters, range));
        parameters.finish();
        Set<CompanyGroup> ordered = EnumSet.noneOf(CompanyGroup.class);
        ordered.addAll(groups);
        return new CompanyQuery(snapped(asked.orElseThrow().range()), ordered, workspaces, reported);
    }

    static void checkLength(QueryParameters parameters, AskedRange asked) {
        if (Duration.between(asked.range().start(), asked.range().end()).compareTo(RANGE_MAX) > 0) {
            parameters.fault(asked.field(), asked.field() + ": range too long (expected: at most 400 days)");
        }
    }

    /** The whole UTC days of a range that is checked. */
    static CompanyQuery ofDays(AskedRange asked) {
        return new CompanyQuery(snapped(asked.range()), EnumSet.noneOf(CompanyGroup.class), Set.of(), false);
    }

    private static TimeRange snapped(TimeRange range) {
        Instant high = range.end().truncatedTo(ChronoUnit.DAYS);
        return new TimeRange(
                range.start().truncatedTo(ChronoUnit.DAYS),
                high.equals(range.end()) ? high : high.plus(1, ChronoUnit.DAYS));
    }
}

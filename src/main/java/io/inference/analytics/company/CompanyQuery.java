package io.inference.analytics.company;

import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.ParameterValues;
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
     * Reads start, end and groupBy.
     *
     * @param offered the groups that the resource supports
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static CompanyQuery parse(Map<String, List<String>> given, Set<CompanyGroup> offered) {
        return parse(QueryParameters.of(given), offered, Set.of(), false);
    }

    /** The same for bills, which can be limited to workspaces. */
    static CompanyQuery parseBills(Map<String, List<String>> given, Set<CompanyGroup> offered) {
        QueryParameters parameters = QueryParameters.of(given);
        Set<String> workspaces = parameters.repeatable("workspaceId", CompanyQuery::workspace);
        if (workspaces.size() > WORKSPACES_MAX) {
            parameters.fault("workspaceId", "workspaceId: too many (expected: at most " + WORKSPACES_MAX + ")");
        }
        boolean reported = parameters
                .optional("reported", QueryParameters.oneOf(new String[] {"true", "false"}, word -> word))
                .filter("true"::equals)
                .isPresent();
        return parse(parameters, offered, workspaces, reported);
    }

    private static String workspace(String text) throws QueryParameters.Fault {
        if (text.matches("[A-Za-z0-9_-]{1,100}")) {
            return text;
        }
        throw new QueryParameters.Fault("not a workspace id (expected: wrkspc_… or default)");
    }

    private static CompanyQuery parse(
            QueryParameters parameters, Set<CompanyGroup> offered, Set<String> workspaces, boolean reported) {
        Optional<Instant> start = parameters.required("start", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        Optional<Instant> end = parameters.required("end", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        Set<CompanyGroup> groups = parameters.repeatable(
                "groupBy", QueryParameters.oneOf(offered.toArray(CompanyGroup[]::new), CompanyGroup::wireName));
        if (start.isPresent() && end.isPresent()) {
            if (!start.get().isBefore(end.get())) {
                parameters.fault("end", "end: not after start (expected: start < end)");
            } else if (Duration.between(start.get(), end.get()).compareTo(RANGE_MAX) > 0) {
                parameters.fault("end", "range: too long (expected: at most 400 days)");
            }
        }
        parameters.finish();
        Instant low = start.orElseThrow().truncatedTo(ChronoUnit.DAYS);
        Instant high = end.orElseThrow().truncatedTo(ChronoUnit.DAYS);
        Set<CompanyGroup> ordered = EnumSet.noneOf(CompanyGroup.class);
        ordered.addAll(groups);
        return new CompanyQuery(
                new TimeRange(low, high.equals(end.get()) ? high : high.plus(1, ChronoUnit.DAYS)),
                ordered,
                workspaces,
                reported);
    }
}

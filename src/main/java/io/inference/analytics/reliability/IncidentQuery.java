package io.inference.analytics.reliability;

import io.inference.analytics.platform.Sha256;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.series.AskedRange;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Which raw events of an incident a caller asks for, checked.
 *
 * @param range to the microsecond, not snapped
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param statuses only these; empty means all
 * @param limit most rows
 * @param after only rows after this one in the order of the export; empty means from the start
 */
record IncidentQuery(
        TimeRange range,
        Set<UUID> models,
        Set<String> clients,
        Set<String> statuses,
        int limit,
        Optional<Position> after) {

    static final Duration RANGE_MAX = Duration.ofHours(24);
    static final int LIMIT_DEFAULT = 10_000;
    static final int LIMIT_MAX = 1_000_000;

    /** The place of an event in the order of the export: by time, then by id. */
    record Position(Instant occurredAt, UUID eventId) {

        /** As in the parameter {@code after}; says of which export it is. */
        private String text(String export) {
            return occurredAt + "_" + eventId + "_" + export;
        }

        private static Position parse(String text, Optional<String> export) throws Fault {
            String[] parts = text.split("_", -1);
            Optional<UUID> id = parts.length == 3 ? Uuids.parse(parts[1]) : Optional.empty();
            if (id.isEmpty()) {
                throw new Fault("not a position (expected: the value of a next link)");
            }
            if (export.isPresent() && !export.get().equals(parts[2])) {
                throw new Fault("of another export (expected: the value of a next link of the same organisation,"
                        + " range and filters)");
            }
            return new Position(ParameterValues.time(parts[0]), id.get());
        }
    }

    /** The parameter {@code after} of the page that begins behind {@code last}. */
    String after(UUID org, Position last) {
        return last.text(export(org, range, models, clients, statuses));
    }

    /** A short name of an export, the same for each of its pages. */
    private static String export(
            UUID org, TimeRange range, Set<UUID> models, Set<String> clients, Set<String> statuses) {
        return Sha256.hex(List.of(org, range, new TreeSet<>(models), new TreeSet<>(clients), new TreeSet<>(statuses))
                        .toString())
                .substring(0, 16);
    }

    /**
     * Reads and checks the parameters of an export.
     *
     * @param now the end of a range that has no other
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static IncidentQuery parse(UUID org, Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<TimeRange> range = range(parameters, now);
        Set<UUID> models = parameters.repeatable("modelId", ParameterValues::uuid);
        Set<String> clients = parameters.repeatableWhole("clientId", ParameterValues::clientId);
        Set<String> statuses = parameters.repeatable("status", ParameterValues::status);
        int limit = parameters.optional("limit", IncidentQuery::limit).orElse(LIMIT_DEFAULT);
        Optional<String> export = range.map(asked -> export(org, asked, models, clients, statuses));
        Optional<Position> after = parameters.optional("after", text -> Position.parse(text, export));
        parameters.finish();
        return new IncidentQuery(range.orElseThrow(), models, clients, statuses, limit, after);
    }

    /** Reads and checks the parameters of a summary, which has only a range. */
    static TimeRange parseRange(Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<TimeRange> range = range(parameters, now);
        parameters.finish();
        return range.orElseThrow();
    }

    private static Optional<TimeRange> range(QueryParameters parameters, Instant now) {
        return AskedRange.parse(parameters, now)
                .filter(asked -> fits(parameters, asked))
                .map(AskedRange::range);
    }

    /** At most 24 hours, or one day of the zone, which has 25 hours where its clocks go back. */
    private static boolean fits(QueryParameters parameters, AskedRange asked) {
        Instant start = asked.range().start();
        Instant end = asked.range().end();
        if (end.isAfter(start.plus(RANGE_MAX))
                && end.isAfter(start.atZone(asked.zone()).plusDays(1).toInstant())) {
            parameters.fault(
                    asked.field(), asked.field() + ": range too long for raw events (expected: at most 24 hours)");
            return false;
        }
        return true;
    }

    private static int limit(String text) throws Fault {
        if (text.matches("[0-9]{1,7}")) {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= LIMIT_MAX) {
                return limit;
            }
        }
        throw new Fault("not a limit (expected: 1 to " + LIMIT_MAX + ")");
    }
}

package io.inference.analytics.reliability;

import io.inference.analytics.platform.Uuids;
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

    private static final String[] STATUSES = {"success", "error", "timeout", "throttled"};

    /** The place of an event in the order of the export: by time, then by id. */
    record Position(Instant occurredAt, UUID eventId) {

        /** As in the parameter {@code after}. */
        String text() {
            return occurredAt + "_" + eventId;
        }

        static Position parse(String text) throws Fault {
            int separator = text.indexOf('_');
            Optional<UUID> id = separator < 0 ? Optional.empty() : Uuids.parse(text.substring(separator + 1));
            if (id.isEmpty()) {
                throw new Fault("not a position (expected: the value of a next link)");
            }
            return new Position(ParameterValues.time(text.substring(0, separator)), id.get());
        }
    }

    /**
     * Reads and checks the parameters of an export.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static IncidentQuery parse(Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<TimeRange> range = range(parameters);
        Set<UUID> models = parameters.repeatable("modelId", ParameterValues::uuid);
        Set<String> clients = parameters.repeatable("clientId", ParameterValues::clientId);
        Set<String> statuses = parameters.repeatable("status", QueryParameters.oneOf(STATUSES, word -> word));
        int limit = parameters.optional("limit", IncidentQuery::limit).orElse(LIMIT_DEFAULT);
        Optional<Position> after = parameters.optional("after", Position::parse);
        parameters.finish();
        return new IncidentQuery(range.orElseThrow(), models, clients, statuses, limit, after);
    }

    /** Reads and checks the parameters of a summary, which has only a range. */
    static TimeRange parseRange(Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<TimeRange> range = range(parameters);
        parameters.finish();
        return range.orElseThrow();
    }

    private static Optional<TimeRange> range(QueryParameters parameters) {
        Optional<Instant> start = parameters.required("start", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        Optional<Instant> end = parameters.required("end", ParameterValues.TIME_EXPECTED, ParameterValues::time);
        if (start.isEmpty() || end.isEmpty()) {
            return Optional.empty();
        }
        if (!start.get().isBefore(end.get())) {
            parameters.fault("end", "end: not after start (expected: start < end)");
            return Optional.empty();
        }
        if (end.get().isAfter(start.get().plus(RANGE_MAX))) {
            parameters.fault("end", "range: too long for raw events (expected: at most 24 hours)");
            return Optional.empty();
        }
        return Optional.of(new TimeRange(start.get(), end.get()));
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

package io.inference.analytics.series;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;

/**
 * The range that a caller asks for, before any edge is snapped: a start and an end, or a period. A bare date is its midnight in
 * the zone; a missing end is now.
 *
 * @param range what was asked for
 * @param zone whose days are meant
 * @param period its name; empty when it was asked for by its edges
 * @param field the parameter that says how long the range is, for faults
 */
public record AskedRange(TimeRange range, ZoneId zone, Optional<Period> period, String field) {

    private static final String EXPECTED = ParameterValues.TIME_EXPECTED + ", or a date";

    /** Reads start, end, period and timeZone; empty only when there was a fault. */
    public static Optional<AskedRange> parse(QueryParameters parameters, Instant now) {
        return parse(parameters, now, zone(parameters));
    }

    /** The same where days are those of one zone, and timeZone is not a parameter. */
    public static Optional<AskedRange> parse(QueryParameters parameters, Instant now, ZoneId zone) {
        Optional<Period> period =
                parameters.optional("period", QueryParameters.oneOf(Period.values(), Period::wireName));
        Optional<Instant> start = parameters.optional("start", ParameterValues.timeOrDate(zone));
        Optional<Instant> end = parameters.optional("end", ParameterValues.timeOrDate(zone));
        if (parameters.has("period")) {
            if (parameters.has("start") || parameters.has("end")) {
                parameters.fault(
                        "period",
                        "period: given together with start or end (expected: either period, or start and end)");
                return Optional.empty();
            }
            return period.map(named -> new AskedRange(named.at(now, zone), zone, period, "period"));
        }
        if (!parameters.has("start")) {
            parameters.fault(
                    "start", "start: missing (expected: " + EXPECTED + "; or period instead of start and end)");
            return Optional.empty();
        }
        return of(parameters, start, parameters.has("end") ? end : Optional.of(now), zone);
    }

    /** A period that is known, in the zone that timeZone names. */
    public static AskedRange of(QueryParameters parameters, Period period, Instant now) {
        ZoneId zone = zone(parameters);
        return new AskedRange(period.at(now, zone), zone, Optional.of(period), "period");
    }

    /** Reads start, end and timeZone of a request that must mean the same whenever it is read. */
    public static Optional<AskedRange> parseFixed(QueryParameters parameters) {
        ZoneId zone = zone(parameters);
        Optional<Instant> start = parameters.required("start", EXPECTED, ParameterValues.timeOrDate(zone));
        Optional<Instant> end = parameters.required("end", EXPECTED, ParameterValues.timeOrDate(zone));
        return of(parameters, start, end, zone);
    }

    /**
     * The range to compare {@code snapped} with, which is this range with its edges snapped: of the same length and right before
     * it, in days of the zone. A period of a calendar unit is compared with the same part of the unit before.
     */
    public TimeRange previous(TimeRange snapped) {
        return period.map(named -> named.previous(snapped, zone)).orElseGet(() -> Period.before(snapped, zone));
    }

    private static ZoneId zone(QueryParameters parameters) {
        return parameters.optional("timeZone", ParameterValues::zone).orElse(ZoneOffset.UTC);
    }

    private static Optional<AskedRange> of(
            QueryParameters parameters, Optional<Instant> start, Optional<Instant> end, ZoneId zone) {
        if (start.isEmpty() || end.isEmpty()) {
            return Optional.empty();
        }
        if (!start.get().isBefore(end.get())) {
            parameters.fault(
                    "end",
                    parameters.has("end")
                            ? "end: not after start (expected: start < end)"
                            : "end: missing, and start is not before now (expected: start < end)");
            return Optional.empty();
        }
        return Optional.of(new AskedRange(new TimeRange(start.get(), end.get()), zone, Optional.empty(), "end"));
    }
}

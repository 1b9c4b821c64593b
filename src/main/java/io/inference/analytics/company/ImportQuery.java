package io.inference.analytics.company;

import io.inference.analytics.bills.ImportCalendar;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.series.AskedRange;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A checked question about imports: which provider, which UTC days, and which page.
 *
 * @param days empty where the question has no range
 * @param after the cursor, as the question reads it; empty: the first page
 */
record ImportQuery<C>(Optional<Provider> provider, Optional<CompanyQuery> days, Optional<C> after, int limit) {

    private static final int LIMIT_DEFAULT = 50;

    /** A page of days; the cursor is the last day of the page before. */
    static ImportQuery<LocalDate> ofDays(Map<String, List<String>> given, Instant now) {
        return parse(given, Optional.of(now), ImportQuery::day);
    }

    /** A page of corrections; the cursor is the id of the last one before. */
    static ImportQuery<Long> ofCorrections(Map<String, List<String>> given, Instant now) {
        return parse(given, Optional.of(now), ImportQuery::id);
    }

    /** A page of runs, which has no range. */
    static ImportQuery<ImportCalendar.RunEdge> ofRuns(Map<String, List<String>> given) {
        return parse(given, Optional.empty(), ImportQuery::run);
    }

    private static <C> ImportQuery<C> parse(
            Map<String, List<String>> given, Optional<Instant> now, QueryParameters.Parser<C> cursor) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<Provider> provider =
                parameters.optional("provider", QueryParameters.oneOf(Provider.values(), Provider::wireName));
        Optional<C> after = parameters.optional("cursor", cursor);
        int limit = parameters
                .optional("limit", ParameterValues.limit(ImportCalendar.PAGE_MAX))
                .orElse(LIMIT_DEFAULT);
        Optional<AskedRange> asked = now.flatMap(end -> AskedRange.parse(parameters, end, ZoneOffset.UTC));
        asked.ifPresent(range -> CompanyQuery.checkLength(parameters, range));
        parameters.finish();
        return new ImportQuery<>(provider, asked.map(CompanyQuery::ofDays), after, limit);
    }

    static String cursor(ImportCalendar.Run run) {
        return run.startedAt().truncatedTo(ChronoUnit.MICROS) + "_" + run.runId();
    }

    /** ISO 8601 knows years of more digits, and negative ones; the days around them cannot be reckoned with. */
    private static LocalDate day(String text) throws Fault {
        try {
            if (text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
                return LocalDate.parse(text);
            }
        } catch (DateTimeException e) {
            // Reported below.
        }
        throw unknown();
    }

    private static Long id(String text) throws Fault {
        if (text.matches("[0-9]{1,18}")) {
            return Long.valueOf(text);
        }
        throw unknown();
    }

    private static ImportCalendar.RunEdge run(String text) throws Fault {
        String[] parts = text.split("_", 2);
        Optional<UUID> run = parts.length == 2 ? Uuids.parse(parts[1]) : Optional.empty();
        if (run.isEmpty()) {
            throw unknown();
        }
        return new ImportCalendar.RunEdge(ParameterValues.time(parts[0]), run.get());
    }

    private static Fault unknown() {
        return new Fault("not a cursor (expected: nextCursor of an earlier response)");
    }
}

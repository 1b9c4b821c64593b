package io.inference.analytics.usage;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.platform.Sha256;
import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What a caller asks of a breakdown, checked.
 *
 * @param scope when, and of whom; one bucket
 * @param users only these; empty means all
 * @param statuses only invocations that ended so; empty means all
 * @param raw conditions that only raw events can meet
 * @param key what there is one row for each of
 * @param orderBy the figure that ranks the rows
 * @param limit most rows of a page
 * @param cursor the last row of the page before; empty for the first page
 * @param compared the range to compare with; empty when nothing is compared
 * @param question names the question, the same for each of its pages
 */
record BreakdownQuery(
        SeriesScope scope,
        Set<UUID> users,
        Set<String> statuses,
        RawFilter raw,
        BreakdownKey key,
        BreakdownOrder orderBy,
        int limit,
        Optional<Cursor> cursor,
        Optional<TimeRange> compared,
        String question) {

    static final int LIMIT_MAX = 1_000;
    private static final int LIMIT_DEFAULT = 50;

    /** Whether the organisation has to show its users for the answer. */
    boolean isAboutUsers() {
        return !users.isEmpty() || key.by() == BreakdownBy.USER;
    }

    /** Whether metadata choose or split the events. */
    boolean isAboutMetadata() {
        return key.by() == BreakdownBy.METADATA || raw.isAboutMetadata();
    }

    /** Whether rollups do not hold what is asked. */
    boolean readsRawEvents() {
        return asksRawEvents(key, raw).isPresent();
    }

    /** What only raw events can answer, as the caller wrote it; empty when rollups can. */
    private static Optional<String> asksRawEvents(BreakdownKey key, RawFilter raw) {
        return key.readsRawEvents() ? Optional.of("by=" + key.by().wireName()) : raw.asked();
    }

    /**
     * Refuses a query that needs raw events that may be gone.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid when they may be gone
     */
    void requireKept(Retention retention) {
        asksRawEvents(key, raw).ifPresentOrElse(asked -> scope.requireRawEvents(retention, asked), () -> Stream.concat(
                        Stream.of(scope.range()), compared.stream())
                .forEach(range -> total(range).cuts(range).requireKept(retention, scope.now())));
    }

    /** A range as one bucket. */
    Buckets total(TimeRange range) {
        return Buckets.of(range, Granularity.TOTAL, scope.zone());
    }

    /**
     * The place of a row in the ranking.
     *
     * @param value its rank
     * @param key its key, which decides between equal ranks
     */
    record Cursor(BigDecimal value, String key) {

        private static final String EXPECTED = " (expected: nextCursor of an earlier response)";

        String text(String question) {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(
                            (question + " " + value.toPlainString() + " " + key).getBytes(StandardCharsets.UTF_8));
        }

        static Cursor parse(String text, String question) throws Fault {
            String[] parts;
            try {
                parts = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", 3);
            } catch (IllegalArgumentException e) {
                throw new Fault("not a cursor" + EXPECTED);
            }
            if (parts.length != 3
                    || !parts[1].matches("-?[0-9]{1,60}([.][0-9]{1,60})?")
                    || parts[2].indexOf('\0') >= 0) {
                throw new Fault("not a cursor" + EXPECTED);
            }
            if (!parts[0].equals(question)) {
                throw new Fault("of another question" + EXPECTED);
            }
            return new Cursor(new BigDecimal(parts[1]), parts[2]);
        }
    }

    /**
     * Reads and checks the parameters of a query string.
     *
     * @param now the end of a range that has no other
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static BreakdownQuery parse(UUID org, Map<String, List<String>> given, Instant now) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<SeriesScope> scope = SeriesScope.parseTotal(parameters, now);
        Set<UUID> users = parameters.repeatable("userId", ParameterValues::uuid);
        Set<String> statuses = parameters.repeatable("status", ParameterValues::status);
        RawFilter raw = RawFilter.parse(parameters);
        Optional<BreakdownKey> key = parameters.required("by", BreakdownKey.EXPECTED, BreakdownKey::parse);
        BreakdownOrder orderBy = parameters
                .optional("orderBy", QueryParameters.oneOf(BreakdownOrder.values(), BreakdownOrder::wireName))
                .orElse(BreakdownOrder.COST);
        boolean compare = parameters
                .optional("compare", QueryParameters.oneOf(new String[] {"previous", "none"}, word -> word))
                .filter("none"::equals)
                .isEmpty();
        int limit =
                parameters.optional("limit", ParameterValues.limit(LIMIT_MAX)).orElse(LIMIT_DEFAULT);
        String question = question(org, given);
        Optional<Cursor> cursor = parameters.optional("cursor", text -> Cursor.parse(text, question));
        key.flatMap(asked -> asksRawEvents(asked, raw))
                .ifPresent(rawEvents -> scope.ifPresent(asked -> asked.checkRawLength(parameters, rawEvents)));
        parameters.finish();
        SeriesScope asked = scope.orElseThrow();
        return new BreakdownQuery(
                asked,
                users,
                statuses,
                raw,
                key.orElseThrow(),
                orderBy,
                limit,
                cursor,
                compare ? Optional.of(asked.asked().previous(asked.range())) : Optional.empty(),
                question);
    }

    /** Pages may differ in their length only. What was asked for counts, not when: a period moves on between two pages. */
    private static String question(UUID org, Map<String, List<String>> given) {
        Map<String, List<String>> same = new TreeMap<>(given);
        List.of("cursor", "limit", "compare").forEach(same::remove);
        return Sha256.hex(org + " " + same).substring(0, 16);
    }
}

package io.inference.analytics.audit;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A validated request for a page of the log. */
record AuditQuery(AuditLogStore.Page page) {

    private static final int LIMIT_DEFAULT = 50;
    private static final int LIMIT_MAX = 200;
    private static final int TEXT_MAX = 200;

    /** The last entry of the previous page. */
    record Cursor(Instant recordedAt, long seq) {

        String encode() {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString((recordedAt + " " + seq).getBytes(StandardCharsets.US_ASCII));
        }

        static Cursor decode(String text) throws Fault {
            try {
                String[] parts =
                        new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII).split(" ", 2);
                if (parts.length == 2 && parts[1].matches("[0-9]{1,18}")) {
                    // The parser of times knows which times the database can store.
                    Instant time = ParameterValues.time(parts[0]).truncatedTo(ChronoUnit.MICROS);
                    return new Cursor(time, Long.parseLong(parts[1]));
                }
            } catch (IllegalArgumentException | DateTimeException | Fault e) {
                // Reported below.
            }
            throw new Fault("not a cursor (expected: nextCursor of an earlier response)");
        }
    }

    /**
     * @param org the organisation of the path; without one, all entries are read, and the parameter
     *     orgId may narrow them
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static AuditQuery parse(Optional<UUID> org, Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<UUID> wanted = org.isPresent() ? org : parameters.optional("orgId", ParameterValues::uuid);
        Optional<Instant> start = parameters.optional("start", ParameterValues::time);
        Optional<Instant> end = parameters.optional("end", ParameterValues::time);
        if (start.isPresent() && end.isPresent() && !start.get().isBefore(end.get())) {
            parameters.fault("end", "end: not after start (expected: later than start)");
        }
        Optional<String> actor = parameters.optional("actor", AuditQuery::text);
        Optional<String> action = parameters.optional("action", AuditQuery::text);
        Optional<String> outcome =
                parameters.optional("outcome", QueryParameters.oneOf(new String[] {"allowed", "denied"}, word -> word));
        Optional<Cursor> cursor = parameters.optional("cursor", Cursor::decode);
        int limit =
                parameters.optional("limit", ParameterValues.limit(LIMIT_MAX)).orElse(LIMIT_DEFAULT);
        parameters.finish();
        return new AuditQuery(new AuditLogStore.Page(wanted, start, end, actor, action, outcome, cursor, limit));
    }

    private static String text(String text) throws Fault {
        if (text.length() > TEXT_MAX || text.indexOf('\0') >= 0) {
            throw new Fault("not a name (expected: up to " + TEXT_MAX + " characters, none of them U+0000)");
        }
        return text;
    }
}

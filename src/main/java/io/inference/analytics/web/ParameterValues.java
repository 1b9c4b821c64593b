package io.inference.analytics.web;

import io.inference.analytics.platform.Uuids;
import io.inference.analytics.web.QueryParameters.Fault;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/** How the values of query parameters are written that several endpoints take: parsers for {@link QueryParameters}. */
public final class ParameterValues {

    /** What a time looks like, for messages. */
    public static final String TIME_EXPECTED = "RFC 3339 with an offset, such as 2026-01-31T00:00:00Z";

    /** As in usage events. */
    private static final int CLIENT_ID_LENGTH_MAX = 200;

    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}([.]\\d{1,9})?)?(Z|[+-]\\d{2}:?\\d{2})");

    private static final Pattern OFFSET_WITHOUT_COLON = Pattern.compile("([+-]\\d{2})(\\d{2})$");

    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");

    private static final Instant EARLIEST = Instant.parse("1970-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

    private static final Set<String> ZONES = ZoneId.getAvailableZoneIds();

    private static final QueryParameters.Parser<String> STATUS =
            QueryParameters.oneOf(new String[] {"success", "error", "timeout", "throttled"}, word -> word);

    private ParameterValues() {}

    /**
     * A time with an offset (RFC 3339), from the year 1970 to 9998. The offset may lack its colon, as in +0000: Python's
     * strftime and the clients that openapi-generator makes for Python write it so.
     */
    public static Instant time(String text) throws Fault {
        // An unescaped + in a query string arrives as a space; at this place nothing else can have been meant.
        String time = text.toUpperCase(Locale.ROOT).replace(' ', '+');
        if (TIME.matcher(time).matches()) {
            try {
                return bounded(
                        OffsetDateTime.parse(OFFSET_WITHOUT_COLON.matcher(time).replaceFirst("$1:$2"))
                                .toInstant());
            } catch (DateTimeParseException e) {
                throw new Fault("no such time (expected: " + TIME_EXPECTED + ")");
            }
        }
        throw new Fault("not a time (expected: " + TIME_EXPECTED + ")");
    }

    /** A time with an offset, or a bare date, which is its midnight in the zone. */
    public static QueryParameters.Parser<Instant> timeOrDate(ZoneId zone) {
        return text -> {
            if (!DATE.matcher(text).matches()) {
                return time(text);
            }
            try {
                return bounded(LocalDate.parse(text).atStartOfDay(zone).toInstant());
            } catch (DateTimeParseException e) {
                throw new Fault("no such date (expected: " + TIME_EXPECTED + ", or a date)");
            }
        };
    }

    private static Instant bounded(Instant instant) throws Fault {
        if (instant.isBefore(EARLIEST) || instant.isAfter(LATEST)) {
            throw new Fault("out of bounds (expected: from the year 1970 to 9998)");
        }
        return instant;
    }

    /** A UUID. */
    public static UUID uuid(String text) throws Fault {
        return Uuids.parse(text).orElseThrow(() -> new Fault("not an id (expected: a UUID)"));
    }

    /** The id of a client, as it stands in events. */
    public static String clientId(String text) throws Fault {
        return text("an id", CLIENT_ID_LENGTH_MAX).parse(text);
    }

    /** A text that PostgreSQL can hold. */
    public static QueryParameters.Parser<String> text(String what, int lengthMax) {
        return text -> {
            if (text.codePointCount(0, text.length()) > lengthMax || text.indexOf('\0') >= 0) {
                throw new Fault("not " + what + " (expected: up to " + lengthMax + " characters, none of them U+0000)");
            }
            return text;
        };
    }

    /** How an invocation ended, as it stands in events. */
    public static String status(String text) throws Fault {
        return STATUS.parse(text);
    }

    /** The length of a page. */
    public static QueryParameters.Parser<Integer> limit(int max) {
        return text -> {
            if (text.matches("[0-9]{1,4}")) {
                int limit = Integer.parseInt(text);
                if (limit >= 1 && limit <= max) {
                    return limit;
                }
            }
            throw new Fault("not a limit (expected: 1 to " + max + ")");
        };
    }

    /** A time zone by its IANA name. */
    public static ZoneId zone(String text) throws Fault {
        String zone = text.replace(' ', '+');
        if (!ZONES.contains(zone)) {
            throw new Fault("not a known time zone (expected: an IANA name such as Europe/Berlin)");
        }
        return ZoneId.of(zone);
    }
}

package io.inference.analytics.usage;

import io.inference.analytics.platform.QueryParameters;
import io.inference.analytics.platform.QueryParameters.Fault;
import io.inference.analytics.platform.TimeRange;
import io.inference.analytics.platform.Uuids;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What a caller asks about usage, checked.
 *
 * @param range edges snapped outward to whole hours
 * @param granularity length of a bucket
 * @param zone whose days and months
 * @param models only these; empty means all
 * @param clients only these; empty means all
 * @param groupBy what points are split by
 * @param fillZero whether buckets without usage are shown too
 * @param buckets the buckets of the range
 */
public record UsageQuery(
        TimeRange range,
        Granularity granularity,
        ZoneId zone,
        Set<UUID> models,
        Set<String> clients,
        Set<GroupBy> groupBy,
        boolean fillZero,
        Buckets buckets) {

    static final String TIME_EXPECTED = "RFC 3339 with an offset, such as 2026-01-31T00:00:00Z";

    /** As in usage events. */
    private static final int CLIENT_ID_LENGTH_MAX = 200;

    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}([.]\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})");

    private static final Instant EARLIEST = Instant.parse("1970-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

    private static final Set<String> ZONES = ZoneId.getAvailableZoneIds();

    /**
     * Reads and checks the parameters of a query string.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    public static UsageQuery parse(Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<Instant> start = parameters.required("start", TIME_EXPECTED, UsageQuery::time);
        Optional<Instant> end = parameters.required("end", TIME_EXPECTED, UsageQuery::time);
        Granularity granularity = parameters
                .optional("granularity", QueryParameters.oneOf(Granularity.values(), Granularity::wireName))
                .orElse(Granularity.DAY);
        Set<UUID> models = parameters.repeatable("modelId", UsageQuery::uuid);
        Set<String> clients = parameters.repeatable("clientId", UsageQuery::client);
        Set<GroupBy> groupBy = EnumSet.noneOf(GroupBy.class);
        groupBy.addAll(parameters.repeatable("groupBy", QueryParameters.oneOf(GroupBy.values(), GroupBy::wireName)));
        ZoneId zone = parameters.optional("timeZone", UsageQuery::zone).orElse(ZoneOffset.UTC);
        boolean fillZero = parameters
                .optional("fill", QueryParameters.oneOf(new String[] {"zero"}, word -> word))
                .isPresent();
        Optional<TimeRange> range = Optional.empty();
        Optional<Buckets> buckets = Optional.empty();
        if (start.isPresent() && end.isPresent()) {
            range = range(parameters, start.get(), end.get(), granularity, zone);
            if (range.isPresent()) {
                buckets = Optional.of(Buckets.of(range.get(), granularity, zone));
                checkZone(parameters, buckets.get(), granularity, zone);
            }
        }
        parameters.finish();
        return new UsageQuery(
                range.orElseThrow(), granularity, zone, models, clients, groupBy, fillZero, buckets.orElseThrow());
    }

    private static Optional<TimeRange> range(
            QueryParameters parameters, Instant start, Instant end, Granularity granularity, ZoneId zone) {
        if (!start.isBefore(end)) {
            parameters.fault("end", "end: not after start (expected: start < end)");
            return Optional.empty();
        }
        if (end.isAfter(granularity.latestEnd(start.atZone(zone)).toInstant())) {
            parameters.fault(
                    "end",
                    "range: too long for granularity " + granularity.wireName() + " (expected: at most "
                            + granularity.rangeMax() + ")");
            return Optional.empty();
        }
        Instant low = start.truncatedTo(ChronoUnit.HOURS);
        Instant high = end.truncatedTo(ChronoUnit.HOURS);
        return Optional.of(new TimeRange(low, high.equals(end) ? high : high.plus(1, ChronoUnit.HOURS)));
    }

    private static void checkZone(QueryParameters parameters, Buckets buckets, Granularity granularity, ZoneId zone) {
        if (!buckets.onWholeHours()) {
            parameters.fault(
                    "timeZone",
                    "timeZone: " + granularity.wireName() + "s of " + zone
                            + " do not begin on whole UTC hours, and usage is kept by UTC hour"
                            + " (expected: granularity=hour, or a zone whose offset is whole hours)");
        }
    }

    private static Instant time(String text) throws Fault {
        // An unescaped + in a query string arrives as a space; at this place nothing else can have been meant.
        String time = text.toUpperCase(Locale.ROOT).replace(' ', '+');
        if (TIME.matcher(time).matches()) {
            try {
                Instant instant = OffsetDateTime.parse(time).toInstant();
                if (!instant.isBefore(EARLIEST) && !instant.isAfter(LATEST)) {
                    return instant;
                }
                throw new Fault("out of bounds (expected: from the year 1970 to 9998)");
            } catch (DateTimeParseException e) {
                throw new Fault("no such time (expected: " + TIME_EXPECTED + ")");
            }
        }
        throw new Fault("not a time (expected: " + TIME_EXPECTED + ")");
    }

    private static UUID uuid(String text) throws Fault {
        return Uuids.parse(text).orElseThrow(() -> new Fault("not an id (expected: a UUID)"));
    }

    private static String client(String text) throws Fault {
        if (text.length() > CLIENT_ID_LENGTH_MAX || text.indexOf('\0') >= 0) {
            throw new Fault("not an id (expected: up to " + CLIENT_ID_LENGTH_MAX + " characters, none of them U+0000)");
        }
        return text;
    }

    private static ZoneId zone(String text) throws Fault {
        String zone = text.replace(' ', '+');
        if (!ZONES.contains(zone)) {
            throw new Fault("not a known time zone (expected: an IANA name such as Europe/Berlin)");
        }
        return ZoneId.of(zone);
    }

    /** The name of the zone as the answer shows it. */
    String zoneName() {
        return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
    }
}

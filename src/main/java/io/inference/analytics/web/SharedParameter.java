package io.inference.analytics.web;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.parameters.Parameter.In;

/** A parameter that several operations share, as the OpenAPI document defines it once. */
public enum SharedParameter {
    /** Of every path with an organisation. */
    ORG_ID(In.PATH, "orgId", true, "The organisation", uuid()),
    /** Of every path with an export. */
    JOB_ID(In.PATH, "jobId", true, "The export", uuid()),
    /** Start of any range. */
    START(
            In.QUERY,
            "start",
            false,
            "First instant of the range, RFC 3339 with an offset, or a date. Required unless there is a period",
            time()),
    /** End of a range of buckets. */
    SERIES_END(
            In.QUERY,
            "end",
            false,
            "First instant after the range, RFC 3339 with an offset, or a date; without it the range ends now. At most 31"
                    + " days after start for granularity hour, 400 days for day, week and total, 13 months for month",
            time()),
    /** End of a range of UTC days. */
    DAYS_END(
            In.QUERY,
            "end",
            false,
            "First instant after the range, RFC 3339 with an offset, or a date; without it the range ends now. At most 400"
                    + " days after start",
            time()),
    /** End of an incident. */
    INCIDENT_END(
            In.QUERY,
            "end",
            false,
            "First instant after the range, RFC 3339 with an offset, or a date; without it the range ends now. At most 24"
                    + " hours after start",
            time()),
    /** A range by name. */
    PERIOD(
            In.QUERY,
            "period",
            false,
            "A range by name, instead of start and end, as of now in timeZone; weeks begin on Monday",
            periods()),
    /** A range by name, of UTC days. */
    DAYS_PERIOD(
            In.QUERY,
            "period",
            false,
            "A range by name, instead of start and end, as of now in UTC; weeks begin on Monday",
            periods()),
    /** Of a series. */
    GRANULARITY(
            In.QUERY,
            "granularity",
            false,
            "Length of a bucket; weeks begin on Monday, and a total is one bucket as long as the range",
            string().enumeration(List.of("hour", "day", "week", "month", "total"))
                    .defaultValue("day")),
    /** Of a series. */
    TIME_ZONE(
            In.QUERY,
            "timeZone",
            false,
            "IANA name of the zone whose days, weeks and months the buckets, dates and periods follow, daylight saving"
                    + " included. Hours are those of UTC in every zone",
            string().defaultValue("UTC")),
    /** Of a range that has no buckets. */
    RANGE_TIME_ZONE(
            In.QUERY,
            "timeZone",
            false,
            "IANA name of the zone that dates and periods follow, daylight saving included",
            string().defaultValue("UTC")),
    /** A filter. */
    MODEL_ID(
            In.QUERY,
            "modelId",
            false,
            "Only these models; repeatable, or a list with commas, at most 100",
            listOf(uuid())),
    /** A filter. */
    CLIENT_ID(
            In.QUERY,
            "clientId",
            false,
            "Only these clients; repeatable, or a list with commas, at most 100. As an id may hold a comma, a list also"
                    + " finds the client whose id it is; given more than once, no value is a list",
            listOf(string())),
    /** A filter. */
    USER_ID(
            In.QUERY,
            "userId",
            false,
            "Only these users; repeatable, or a list with commas, at most 100",
            listOf(uuid())),
    /** A filter. */
    WITHOUT_CLIENT(
            In.QUERY,
            "withoutClient",
            false,
            "true: only events without a client, or, next to clientId, these as well",
            string().enumeration(List.of("true"))),
    /** A filter. */
    STATUS(
            In.QUERY,
            "status",
            false,
            "Only invocations that ended so; repeatable, or a list with commas",
            listOf(string().enumeration(List.of("success", "error", "timeout", "throttled")))),
    /** A filter of the audit log. */
    RECORDED_FROM(In.QUERY, "start", false, "Only entries recorded at this time or later", time()),
    /** A filter of the audit log. */
    RECORDED_BEFORE(In.QUERY, "end", false, "Only entries recorded before this time", time()),
    /** A filter of the audit log. */
    ACTOR(In.QUERY, "actor", false, "Only entries of this subject", string()),
    /** A filter of the audit log. */
    ACTION(In.QUERY, "action", false, "Only entries of this permission or command", string()),
    /** A filter of the audit log. */
    OUTCOME(
            In.QUERY,
            "outcome",
            false,
            "Only entries with this outcome",
            string().enumeration(List.of("allowed", "denied"))),
    /** A filter of bills and imports. */
    PROVIDER(
            In.QUERY,
            "provider",
            false,
            "Only this provider",
            string().enumeration(List.of("anthropic", "cursor", "openai", "claude_ai"))),
    /** Of a list in pages. */
    LIMIT(
            In.QUERY,
            "limit",
            false,
            "Length of a page",
            OASFactory.createSchema()
                    .type(List.of(SchemaType.INTEGER))
                    .format("int32")
                    .minimum(BigDecimal.ONE)
                    .maximum(BigDecimal.valueOf(200))
                    .defaultValue(50)),
    /** Of a list of names to pick from, in pages. */
    LIST_LIMIT(
            In.QUERY,
            "limit",
            false,
            "Length of a page",
            OASFactory.createSchema()
                    .type(List.of(SchemaType.INTEGER))
                    .format("int32")
                    .minimum(BigDecimal.ONE)
                    .maximum(BigDecimal.valueOf(10_000))
                    .defaultValue(10_000)),
    /** Of a list in pages. */
    CURSOR(In.QUERY, "cursor", false, "nextCursor of the page before; without it the first page is returned", string());

    private static final String REF = "#/components/parameters/";

    private final Parameter definition;

    SharedParameter(In in, String name, boolean required, String description, Schema schema) {
        definition = OASFactory.createParameter()
                .in(in)
                .name(name)
                .description(description)
                .schema(schema);
        if (required) {
            definition.setRequired(true);
        }
    }

    /** The component's name: {@code SERIES_END} is {@code SeriesEnd}. */
    String component() {
        return Arrays.stream(name().split("_", -1))
                .map(word -> word.charAt(0) + word.substring(1).toLowerCase(java.util.Locale.ROOT))
                .collect(Collectors.joining());
    }

    Parameter definition() {
        return definition;
    }

    Parameter reference() {
        return OASFactory.createParameter().ref(REF + component());
    }

    /** The shared parameter that a parameter of a path is. */
    static Optional<SharedParameter> ofPath(Parameter parameter) {
        return Arrays.stream(values())
                .filter(shared -> parameter.getIn() == In.PATH
                        && shared.definition.getIn() == In.PATH
                        && shared.definition.getName().equals(parameter.getName()))
                .findFirst();
    }

    private static Schema string() {
        return OASFactory.createSchema().type(List.of(SchemaType.STRING));
    }

    private static Schema time() {
        return string().format("date-time");
    }

    private static Schema periods() {
        return string().enumeration(List.of(
                "today",
                "yesterday",
                "last-24-hours",
                "last-7-days",
                "last-30-days",
                "week-to-date",
                "month-to-date",
                "last-month",
                "quarter-to-date",
                "year-to-date"));
    }

    private static Schema uuid() {
        return string().format("uuid");
    }

    private static Schema listOf(Schema items) {
        return OASFactory.createSchema().type(List.of(SchemaType.ARRAY)).items(items);
    }
}

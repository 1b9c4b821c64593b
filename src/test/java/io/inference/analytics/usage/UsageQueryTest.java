package io.inference.analytics.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import io.inference.analytics.series.Granularity;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageQueryTest {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static Map<String, List<String>> with(String... parameters) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        given.put("start", List.of("2026-01-01T00:00:00Z"));
        given.put("end", List.of("2026-01-08T00:00:00Z"));
        for (int i = 0; i < parameters.length; i += 2) {
            if (parameters[i + 1] == null) {
                given.remove(parameters[i]);
            } else {
                given.put(parameters[i], List.of(parameters[i + 1]));
            }
        }
        return given;
    }

    private static List<FieldError> faults(Map<String, List<String>> given) {
        Failure.Invalid failure = catchThrowableOfType(Failure.Invalid.class, () -> UsageQuery.parse(given, NOW));
        return failure == null ? List.of() : failure.errors();
    }

    private static List<String> faultyFields(Map<String, List<String>> given) {
        return faults(given).stream().map(FieldError::field).toList();
    }

    @Test
    void defaultsAreDaysInUtcUngrouped() {
        UsageQuery query = UsageQuery.parse(with(), NOW);
        assertThat(query.granularity()).isEqualTo(Granularity.DAY);
        assertThat(query.zoneName()).isEqualTo("UTC");
        assertThat(query.groupBy()).isEmpty();
        assertThat(query.models()).isEmpty();
        assertThat(query.fillZero()).isFalse();
        assertThat(query.buckets().starts()).hasSize(7);
    }

    @Test
    void statusesAndTheEventsWithoutAClientCanBeChosen() {
        UsageQuery query =
                UsageQuery.parse(with("status", "timeout,error", "clientId", "app", "withoutClient", "true"), NOW);
        assertThat(query.statuses()).containsExactly("timeout", "error");
        assertThat(query.clients()).containsExactly("app", "");
        assertThat(faultyFields(with("status", "failed", "withoutClient", "false")))
                .containsExactlyInAnyOrder("status", "withoutClient");
    }

    @Test
    void errorCodesAndMetadataCanBeChosenForAWeek() {
        Map<String, List<String>> given = with("errorCode", "rate,limit", "metadata.team", "a", "metadata.a b.c", "");
        assertThat(UsageQuery.parse(given, NOW).raw().metadata())
                .as("a value may be empty")
                .isEqualTo(Map.of("team", Set.of("a"), "a b.c", Set.of("")));
        given.put("metadata.a b.c", List.of("", "x,y"));
        assertThat(UsageQuery.parse(given, NOW).raw().metadata().get("a b.c")).containsExactlyInAnyOrder("", "x,y");
        given.put("metadata.a b.c", List.of("x", "y,z"));
        RawFilter raw = UsageQuery.parse(given, NOW).raw();
        assertThat(raw.errorCodes()).containsExactlyInAnyOrder("rate", "limit", "rate,limit");
        assertThat(raw.metadata()).isEqualTo(Map.of("team", Set.of("a"), "a b.c", Set.of("x", "y,z")));
        for (String name : List.of("errorCode", "metadata.team")) {
            List<FieldError> faults = faults(with(name, "x", "end", "2026-01-08T00:00:00.001Z"));
            assertThat(faults).extracting(FieldError::field).containsExactly("end");
            assertThat(faults.get(0).message()).contains("at most 7 days");
        }
        assertThat(catchThrowableOfType(
                                Failure.Invalid.class, () -> UsageQuery.parseAcrossOrgs(with("errorCode", "x"), NOW))
                        .errors())
                .extracting(FieldError::field)
                .containsExactly("errorCode");
    }

    @Test
    void theEventsWithoutAKeyOfMetadataCanBeChosenForAWeek() {
        RawFilter raw = UsageQuery.parse(with("withoutMetadata", "team,env", "metadata.env", "x"), NOW)
                .raw();
        assertThat(raw.without()).containsExactlyInAnyOrder("team", "env", "team,env");
        assertThat(raw.isEmpty()).isFalse();
        assertThat(faultyFields(with("withoutMetadata", "team", "end", "2026-01-08T00:00:00.001Z")))
                .containsExactly("end");
        assertThat(faultyFields(with("withoutMetadata", ""))).containsExactly("withoutMetadata");
    }

    @Test
    void aKeyOrValueThatNoEventCanHaveIsRefused() {
        assertThat(faultyFields(with("metadata.", "x", "metadata", "x", "metadata.a\0", "x", "metadata.b", "\0")))
                .containsExactlyInAnyOrder("metadata.", "metadata", "metadata.a\0", "metadata.b");
        assertThat(faultyFields(with("errorCode", "x".repeat(101)))).containsExactly("errorCode");
        assertThat(faultyFields(with("errorCode", "\uD83D\uDE00".repeat(100)))).isEmpty();
        Map<String, List<String>> given = with();
        for (int i = 0; i < 33; i++) {
            given.put("metadata." + i, List.of("x"));
        }
        assertThat(faultyFields(given)).containsExactly("metadata.KEY");
    }

    @ParameterizedTest
    @ValueSource(strings = {"metadata.", "metadata", "team", "metadata.a\0", "METADATA.a"})
    void aBreakdownByWhatThereIsNotIsRefused(String by) {
        Failure.Invalid failure = catchThrowableOfType(
                Failure.Invalid.class, () -> BreakdownQuery.parse(UUID.randomUUID(), with("by", by), NOW));
        assertThat(failure.errors()).extracting(FieldError::field).containsExactly("by");
    }

    @Test
    void edgesAreSnappedOutwardToWholeHours() {
        UsageQuery query = UsageQuery.parse(
                with("start", "2026-01-01T01:59:59.999+02:00", "end", "2026-01-01T00:00:00.001Z"), NOW);
        assertThat(query.range().start()).isEqualTo(Instant.parse("2025-12-31T23:00:00Z"));
        assertThat(query.range().end()).isEqualTo(Instant.parse("2026-01-01T01:00:00Z"));
    }

    @Test
    void edgesOnWholeHoursStay() {
        UsageQuery query = UsageQuery.parse(with(), NOW);
        assertThat(query.range().start()).isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(query.range().end()).isEqualTo(Instant.parse("2026-01-08T00:00:00Z"));
    }

    @Test
    void anOffsetWithoutAColonIsUnderstood() {
        assertThat(UsageQuery.parse(with("start", "2026-01-01T02:00:00.000000+0200"), NOW))
                .isEqualTo(UsageQuery.parse(with("start", "2026-01-01T00:00:00Z"), NOW));
    }

    @Test
    void anUnescapedPlusIsUnderstood() {
        assertThat(UsageQuery.parse(with("start", "2026-01-01T00:00:00 02:00"), NOW)
                        .range()
                        .start())
                .isEqualTo(Instant.parse("2025-12-31T22:00:00Z"));
        assertThat(UsageQuery.parse(with("timeZone", "Etc/GMT 5"), NOW).zoneName())
                .isEqualTo("Etc/GMT+5");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-01-1",
                "2026-02-29",
                "1969-12-31",
                "2026-01-01T00:00:00",
                "1767225600",
                "2026-02-30T00:00:00Z",
                "2026-01-01 00:00:00Z",
                "now",
                "2026-01-01T00:00:00+2:00",
                "2026-01-01T25:00:00Z",
                "+2026-01-01T00:00:00Z",
                "1969-12-31T23:59:59Z",
                "9999-12-31T00:00:00Z",
                "2026-01-01T00:00:00[Europe/Berlin]",
                "２０２６-01-01T00:00:00Z"
            })
    void whatIsNoTimeWithAnOffsetIsRefused(String start) {
        assertThat(faultyFields(with("start", start))).containsExactly("start");
    }

    @ParameterizedTest
    @CsvSource({"2026-01-01T00:00:00Z,2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z,2026-01-01T00:00:00Z"})
    void aRangeThatIsEmptyOrBackwardsIsRefused(String start, String end) {
        assertThat(faultyFields(with("start", start, "end", end))).containsExactly("end");
    }

    @ParameterizedTest
    @CsvSource({
        "hour, 2026-01-01T00:00:00Z, 2026-02-01T00:00:00Z, true",
        "hour, 2026-01-01T00:00:00Z, 2026-02-01T00:00:01Z, false",
        "day, 2026-01-01T00:00:00Z, 2027-02-05T00:00:00Z, true",
        "day, 2026-01-01T00:00:00Z, 2027-02-05T00:00:01Z, false",
        "month, 2026-01-01T00:00:00Z, 2027-02-01T00:00:00Z, true",
        "month, 2026-01-01T00:00:00Z, 2027-02-01T00:00:01Z, false",
    })
    void limitsHoldToTheSecond(String granularity, String start, String end, boolean allowed) {
        List<FieldError> faults = faults(with("granularity", granularity, "start", start, "end", end));
        assertThat(faults.isEmpty()).isEqualTo(allowed);
        if (!allowed) {
            assertThat(faults.get(0).message())
                    .contains(Granularity.valueOf(granularity.toUpperCase(java.util.Locale.ROOT))
                            .rangeMax());
        }
    }

    @Test
    void aMonthOf745HoursFitsTheHourlyLimitInItsOwnZone() {
        Map<String, List<String>> october =
                with("granularity", "hour", "start", "2026-10-01T00:00:00+02:00", "end", "2026-11-01T00:00:00+01:00");
        assertThat(faultyFields(october)).containsExactly("end");
        october.put("timeZone", List.of("Europe/Berlin"));
        assertThat(UsageQuery.parse(october, NOW).buckets().starts()).hasSize(745);
    }

    @Test
    void everyFaultIsTold() {
        Map<String, List<String>> given = new LinkedHashMap<>();
        given.put("end", List.of("2026-01"));
        given.put("granularity", List.of("year"));
        given.put("modelId", List.of("not-an-id", "1-1-1-1-1"));
        given.put("clientId", List.of(""));
        given.put("groupBy", List.of("model,team"));
        given.put("timeZone", List.of("Mars/Olympus"));
        given.put("fill", List.of("null"));
        given.put("from", List.of("2026-01-01T00:00:00Z"));
        assertThat(faultyFields(given))
                .containsExactlyInAnyOrder(
                        "start",
                        "end",
                        "granularity",
                        "modelId",
                        "modelId",
                        "clientId",
                        "groupBy",
                        "timeZone",
                        "fill",
                        "from");
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "end", "granularity", "timeZone", "fill"})
    void whatMayNotRepeatIsRefusedTwice(String name) {
        Map<String, List<String>> given = with("granularity", "day", "timeZone", "UTC", "fill", "zero");
        List<String> twice = new ArrayList<>(given.get(name));
        twice.addAll(given.get(name));
        given.put(name, twice);
        assertThat(faultyFields(given)).containsExactly(name);
    }

    @Test
    void whatMayRepeatIsTakenOnceEach() {
        Map<String, List<String>> given = with();
        UUID model = UUID.randomUUID();
        given.put("modelId", List.of(model.toString(), model.toString().toUpperCase(java.util.Locale.ROOT)));
        given.put("groupBy", List.of("status", "model", "status"));
        UsageQuery query = UsageQuery.parse(given, NOW);
        assertThat(query.models()).containsExactly(model);
        assertThat(query.groupBy()).containsExactly(GroupBy.MODEL, GroupBy.STATUS);
    }

    @Test
    void tooManyValuesAreRefused() {
        Map<String, List<String>> given = with();
        given.put(
                "clientId",
                java.util.stream.IntStream.rangeClosed(0, 100)
                        .mapToObj(Integer::toString)
                        .toList());
        assertThat(faultyFields(given)).containsExactly("clientId");
    }

    @Test
    void clientsWithNulOrTooLongAreRefused() {
        assertThat(faultyFields(with("clientId", "a\0b"))).containsExactly("clientId");
        assertThat(faultyFields(with("clientId", "x".repeat(201)))).containsExactly("clientId");
        assertThat(faultyFields(with("clientId", "x".repeat(200)))).isEmpty();
    }

    @Test
    void listsMayHaveCommasAndSoMayAClient() {
        UsageQuery query = UsageQuery.parse(with("groupBy", "status,model", "clientId", "a,b"), NOW);
        assertThat(query.groupBy()).containsExactly(GroupBy.MODEL, GroupBy.STATUS);
        assertThat(query.clients()).containsExactlyInAnyOrder("a", "b", "a,b");
        Map<String, List<String>> given = with();
        given.put("clientId", List.of("a,b", "c"));
        assertThat(UsageQuery.parse(given, NOW).clients()).containsExactly("a,b", "c");
        String list = String.join(",", "x".repeat(150), "y".repeat(150));
        assertThat(UsageQuery.parse(with("clientId", list), NOW).clients()).hasSize(2);
        assertThat(UsageQuery.parse(with("clientId", ","), NOW).clients()).containsExactly(",");
        assertThat(faultyFields(with("groupBy", "status,"))).containsExactly("groupBy");
    }

    @Test
    void aDateIsItsMidnightInTheZone() {
        UsageQuery query =
                UsageQuery.parse(with("start", "2026-03-29", "end", "2026-03-30", "timeZone", "Europe/Berlin"), NOW);
        assertThat(query.range().start()).isEqualTo(Instant.parse("2026-03-28T23:00:00Z"));
        assertThat(query.range().end()).isEqualTo(Instant.parse("2026-03-29T22:00:00Z"));
        assertThat(query.scope().partial(0)).isFalse();
    }

    @Test
    void withoutAnEndTheRangeEndsNow() {
        UsageQuery query = UsageQuery.parse(with("start", "2026-05-30T12:00:00Z", "end", null), NOW.minusSeconds(1));
        assertThat(query.range().end()).isEqualTo(NOW);
        assertThat(query.buckets().starts()).hasSize(2);
        assertThat(query.scope().partial(0)).isTrue();
        assertThat(query.scope().partial(1)).isTrue();
        assertThat(faultyFields(with("start", "2026-07-01", "end", null))).containsExactly("end");
    }

    @Test
    void aPeriodStandsForStartAndEnd() {
        Map<String, List<String>> given = with("start", null, "end", null, "period", "last-month");
        assertThat(UsageQuery.parse(given, NOW).range().start()).isEqualTo(Instant.parse("2026-05-01T00:00:00Z"));
        assertThat(faultyFields(with("period", "last-month"))).containsExactly("period");
        assertThat(faultyFields(with("end", null, "period", "last-month"))).containsExactly("period");
        given.put("granularity", List.of("hour"));
        given.put("period", List.of("year-to-date"));
        assertThat(faultyFields(given)).containsExactly("period");
    }

    @ParameterizedTest
    @CsvSource({
        "day,   Asia/Kolkata,        2026-01-01,           2026-01-02,           2025-12-31T18:30:00Z, 2026-01-01T18:30:00Z",
        "total, Asia/Kolkata,        2026-01-01,           2026-01-02,           2025-12-31T18:30:00Z, 2026-01-01T18:30:00Z",
        "hour,  Asia/Kolkata,        2026-01-01,           2026-01-02,           2025-12-31T18:30:00Z, 2026-01-01T18:30:00Z",
        "month, Asia/Kathmandu,      2026-01-01,           2026-02-01,           2025-12-31T18:15:00Z, 2026-01-31T18:15:00Z",
        "week,  America/St_Johns,    2026-01-01,           2026-04-01,           2026-01-01T03:30:00Z, 2026-04-01T02:30:00Z",
        "day,   Australia/Lord_Howe, 2026-04-05,           2026-04-06,           2026-04-04T13:00:00Z, 2026-04-05T13:30:00Z",
        "day,   Pacific/Chatham,     2026-04-05,           2026-04-06,           2026-04-04T10:15:00Z, 2026-04-05T11:15:00Z",
        "day,   Asia/Kolkata,        2026-01-01T18:45:00Z, 2026-01-02T18:10:00Z, 2026-01-01T18:30:00Z, 2026-01-02T18:30:00Z",
        "day,   Asia/Kolkata,        2026-01-01T18:20:00Z, 2026-01-02T18:40:00Z, 2026-01-01T18:00:00Z, 2026-01-02T19:00:00Z",
        "day,   Asia/Kolkata,        2026-01-01T05:10:00Z, 2026-01-01T05:20:00Z, 2026-01-01T05:00:00Z, 2026-01-01T06:00:00Z",
        "day,   UTC,                 2026-01-01T05:10:00Z, 2026-01-01T05:20:00Z, 2026-01-01T05:00:00Z, 2026-01-01T06:00:00Z",
    })
    void edgesAreSnappedToWholeHoursButNeverPastAMidnightOfTheZone(
            String granularity, String zone, String start, String end, Instant usedStart, Instant usedEnd) {
        UsageQuery query =
                UsageQuery.parse(with("granularity", granularity, "timeZone", zone, "start", start, "end", end), NOW);
        assertThat(query.range()).isEqualTo(new TimeRange(usedStart, usedEnd));
    }

    @Test
    void aTotalIsOneWholeBucket() {
        UsageQuery query = UsageQuery.parse(with("granularity", "total"), NOW);
        assertThat(query.buckets().starts()).containsExactly(query.range().start());
        assertThat(query.scope().partial(0)).isFalse();
    }
}

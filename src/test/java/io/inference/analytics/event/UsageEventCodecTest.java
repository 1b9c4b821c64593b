package io.inference.analytics.event;

import static io.inference.analytics.devtools.EventJson.minimal;
import static io.inference.analytics.event.CodecCase.NOW;
import static io.inference.analytics.event.CodecCase.accepted;
import static io.inference.analytics.event.CodecCase.assertRejected;
import static io.inference.analytics.event.RejectReason.INVALID_FIELD;
import static io.inference.analytics.event.RejectReason.MISSING_FIELD;
import static io.inference.analytics.event.RejectReason.NEGATIVE_VALUE;
import static io.inference.analytics.event.RejectReason.TIMESTAMP_OUT_OF_RANGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.EventJson;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.Period;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which values a field may have, and what is read from them. */
class UsageEventCodecTest {

    @Test
    void everyFieldIsRead() {
        UsageEvent event = accepted(minimal()
                .with("actorId", "\"44444444-4444-4444-8444-44444444ABCD\"")
                .with("clientId", "\"app \\u00e9 \\ud83d\\ude00\"")
                .with("timeToFirstTokenMs", "300")
                .with("errorCode", "\"overloaded\"")
                .with("cacheReadInputTokens", "500")
                .with("cacheWriteInputTokens", "400")
                .with("cacheWrite1hInputTokens", "100")
                .with("costEstimateCents", "1.50")
                .with("metadata", "{ \"b\" : \"2\\/\", \"a\": \"\\u0031\\n\" }")
                .with("serviceTier", "\"batch\"")
                .with("contextWindow", "\"above-200k\"")
                .with("status", "\"throttled\""));

        assertThat(event)
                .isEqualTo(new UsageEvent(
                        UUID.fromString("11111111-1111-4111-8111-111111111111"),
                        UUID.fromString("22222222-2222-4222-8222-222222222222"),
                        UUID.fromString("33333333-3333-4333-8333-333333333333"),
                        UUID.fromString("44444444-4444-4444-8444-44444444abcd"),
                        "app é 😀",
                        Instant.parse("2026-03-15T11:59:00Z"),
                        1200,
                        300L,
                        EventStatus.THROTTLED,
                        "overloaded",
                        1000,
                        50,
                        500,
                        400,
                        100,
                        new BigDecimal("1.5"),
                        "{\"a\":\"1\\n\",\"b\":\"2/\"}",
                        "batch",
                        "above-200k"));
    }

    @Test
    void absentAndNullOptionalFieldsAreTheSame() {
        UsageEvent absent = accepted(minimal());
        EventJson nulls = minimal();
        for (String field : List.of(
                "actorId",
                "clientId",
                "timeToFirstTokenMs",
                "errorCode",
                "costEstimateCents",
                "metadata",
                "cacheReadInputTokens",
                "cacheWriteInputTokens",
                "cacheWrite1hInputTokens")) {
            nulls = nulls.with(field, "null");
        }
        assertThat(accepted(nulls)).isEqualTo(absent);
        assertThat(accepted(nulls.with("clientId", "\"\"").with("metadata", "{}")))
                .isEqualTo(absent);
        assertThat(absent.clientId()).isEmpty();
        assertThat(absent.timeToFirstTokenMs()).isNull();
        assertThat(absent.cacheReadInputTokens()).isZero();
        assertThat(absent.costEstimateCents()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"eventId", "orgId", "modelId", "occurredAt", "latencyMs", "status", "inputTokens", "outputTokens"
            })
    void requiredFieldIsMissed(String field) {
        assertRejected(minimal().without(field), MISSING_FIELD, field + ": missing (expected: ");
        assertRejected(minimal().with(field, "null"), MISSING_FIELD, field + ": null (expected: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "eventId|\"1-1-1-1-1\"",
                "eventId|\"11111111111141118111111111111111\"",
                "eventId|\"{11111111-1111-4111-8111-11111111111}\"",
                "eventId|\"11111111-1111-4111-8111-11111111111g\"",
                "eventId|\"11111111-1111-4111-8111-11111111111\\u0661\"",
                "eventId|\"11111111-1111-4111-8111-11111111111\\u0131\"",
                "eventId|\"11111111-1111-4111-81111-1111111111a\"",
                "orgId|5",
                "orgId|{}",
                "modelId|[\"33333333-3333-4333-8333-333333333333\"]",
                "modelId|\"\"",
                "actorId|\"\"",
                "actorId|true",
                "clientId|7",
                "clientId|{\"a\":[1,{\"b\":2}]}",
                "clientId|\"a\\u0000b\"",
                "clientId|\"\\ud800\"",
                "clientId|\"\\udc00\\ud800\"",
                "errorCode|\"\\u0000\"",
                "errorCode|\"a\\udfffb\"",
                "errorCode|1",
                "occurredAt|1773576000",
                "occurredAt|\"\"",
                "occurredAt|\"2026-03-15\"",
                "occurredAt|\"2026-03-15T11:59:00\"",
                "occurredAt|\"2026-03-15T11:59Z\"",
                "occurredAt|\"2026-03-15 11:59:00Z\"",
                "occurredAt|\"2026-03-15T11:59:00.Z\"",
                "occurredAt|\"2026-03-15T11:59:00,5Z\"",
                "occurredAt|\"2026-03-15T11:59:00+0000\"",
                "occurredAt|\"2026-03-15T11:59:00+24:00\"",
                "occurredAt|\"2026-03-15T11:59:00+00:60\"",
                "occurredAt|\"2026-03-15T11:59:00Z \"",
                "occurredAt|\"2026-03-15T11:59:00Zulu+1\"",
                "occurredAt|\"2026-03-15T11:59:60Z\"",
                "occurredAt|\"2026-03-14T24:00:00Z\"",
                "occurredAt|\"2026-03-15T11:60:00Z\"",
                "occurredAt|\"2026-02-29T11:00:00Z\"",
                "occurredAt|\"2026-02-00T11:00:00Z\"",
                "occurredAt|\"2026-13-01T11:00:00Z\"",
                "occurredAt|\"+02026-03-15T11:59:00Z\"",
                "occurredAt|\"-2026-03-15T11:59:00Z\"",
                "occurredAt|\"2026-03-15T11:59:0\\u0661Z\"",
                "latencyMs|\"12\"",
                "latencyMs|1.5",
                "latencyMs|-1.5",
                "latencyMs|1e-1",
                "latencyMs|true",
                "latencyMs|[]",
                "latencyMs|9007199254740993",
                "latencyMs|1e16",
                "latencyMs|1e999999999",
                "latencyMs|1e99999999999999999999",
                "latencyMs|1e-2147483648",
                "outputTokens|9007199254740992.5",
                "outputTokens|18446744073709551617",
                "outputTokens|1234567890123456789012345678901234567890",
                "costEstimateCents|0.000000001",
                "costEstimateCents|1000000000000",
                "costEstimateCents|1e12",
                "costEstimateCents|1e999999999",
                "costEstimateCents|1e-9",
                "costEstimateCents|\"1.5\"",
                "status|\"ok\"",
                "status|\"Success\"",
                "status|\"\"",
                "status|0",
                "timeToFirstTokenMs|1201",
                "timeToFirstTokenMs|{}",
                "cacheReadInputTokens|1001",
                "cacheWriteInputTokens|1001",
                "cacheWrite1hInputTokens|1",
                "cacheReadInputTokens|\"1\"",
                "metadata|[]",
                "metadata|\"a\"",
                "metadata|{\"a\":1}",
                "metadata|{\"a\":null}",
                "metadata|{\"a\":{\"b\":\"c\"}}",
                "metadata|{\"a\\u0000\":\"b\"}",
                "metadata|{\"a\":\"\\u0000\"}",
            })
    void badValueIsInvalid(String field, String value) {
        assertRejected(minimal().with(field, value), INVALID_FIELD, field + ": ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "latencyMs|-1",
                "inputTokens|-9007199254740993",
                "outputTokens|-1e999999999",
                "timeToFirstTokenMs|-1.0",
                "cacheReadInputTokens|-1",
                "cacheWriteInputTokens|-1",
                "cacheWrite1hInputTokens|-1",
                "costEstimateCents|-0.00000001",
                "costEstimateCents|-1",
            })
    void numberBelowZeroIsNegative(String field, String value) {
        assertRejected(minimal().with(field, value), NEGATIVE_VALUE, field + ": " + value + " (expected: ");
    }

    @ParameterizedTest
    @CsvSource({
        "0,0",
        "-0,0",
        "-0.0,0",
        "0e999999999,0",
        "1.0,1",
        "1e3,1000",
        "1.5E+3,1500",
        "120e-1,12",
        "999999999999999,999999999999999",
        "9007199254740992,9007199254740992",
        "9007199254740992.000,9007199254740992",
    })
    void integerSurvivesByValue(String written, long value) {
        assertThat(accepted(minimal().with("outputTokens", written)).outputTokens())
                .isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({
        "0,0",
        "-0.0,0",
        "0.1,0.1",
        "0.1000000000000000,0.1",
        "0.00000001,0.00000001",
        "1E-8,0.00000001",
        "1e3,1000",
        "9.99e11,999000000000",
        "999999999999.99999999,999999999999.99999999",
    })
    void costIsExact(String written, String plain) {
        assertThat(accepted(minimal().with("costEstimateCents", written))
                        .costEstimateCents()
                        .toPlainString())
                .isEqualTo(plain);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-15T11:59:00Z,2026-03-15T11:59:00Z",
        "2026-03-15t11:59:00z,2026-03-15T11:59:00Z",
        "2026-03-15T11:59:00.1Z,2026-03-15T11:59:00.100Z",
        "2026-03-15T11:59:00.123456789Z,2026-03-15T11:59:00.123456Z",
        "2026-03-15T11:59:00.9999999999999999999999Z,2026-03-15T11:59:00.999999Z",
        "2026-03-15T11:59:00-00:00,2026-03-15T11:59:00Z",
        "2026-03-15T17:29:00+05:30,2026-03-15T11:59:00Z",
        "2026-03-14T12:00:00-23:59,2026-03-15T11:59:00Z",
        "2025-12-31T23:59:59.000001+00:00,2025-12-31T23:59:59.000001Z",
        "2026-03-15T12:05:00Z,2026-03-15T12:05:00Z",
        "2025-02-08T12:00:00Z,2025-02-08T12:00:00Z",
    })
    void timeIsRead(String written, Instant instant) {
        assertThat(accepted(minimal().with("occurredAt", '"' + written + '"')).occurredAt())
                .isEqualTo(instant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-03-15T12:05:00.000001Z",
                "2026-03-15T12:05:01Z",
                "2025-02-08T11:59:59.999999Z",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "9999-12-31T23:59:59-23:59",
                "1970-01-01T00:00:00Z",
            })
    void timeIsOutOfRange(String written) {
        assertRejected(minimal().with("occurredAt", '"' + written + '"'), TIMESTAMP_OUT_OF_RANGE, "occurredAt: ");
    }

    @Test
    void retentionIsTheCallers() {
        byte[] body = minimal().with("occurredAt", "\"2026-03-14T11:59:59Z\"").bytes();
        assertThat(new UsageEventCodec(Period.ofDays(1)).faults(body, NOW)).hasSize(1);
        assertThat(new UsageEventCodec(Period.ofDays(2)).faults(body, NOW)).isEmpty();
    }

    @Test
    void lengthsAreCountedInCodePoints() {
        String smile = "😀";
        assertThat(accepted(minimal().with("clientId", quoted(smile.repeat(200))))
                        .clientId())
                .hasSize(400);
        assertRejected(
                minimal().with("clientId", quoted(smile.repeat(201))), INVALID_FIELD, "clientId: 201 characters");
        accepted(minimal().with("errorCode", quoted("é".repeat(100))));
        assertRejected(
                minimal().with("errorCode", quoted("e".repeat(101))), INVALID_FIELD, "errorCode: 101 characters");
    }

    @Test
    void metadataIsBounded() {
        accepted(minimal().with("metadata", metadataOf(32)));
        assertRejected(minimal().with("metadata", metadataOf(33)), INVALID_FIELD, "metadata: 33 entries");
        // {"k":"…"} is 8 bytes around the value; white space and escapes of the producer do not count.
        accepted(minimal().with("metadata", "{ \"\\u006b\" :  " + quoted("x".repeat(4088)) + "}"));
        assertRejected(
                minimal().with("metadata", "{\"k\":" + quoted("x".repeat(4089)) + "}"),
                INVALID_FIELD,
                "metadata: over 4096");
        accepted(minimal().with("metadata", "{\"k\":" + quoted("é".repeat(2044)) + "}"));
        assertRejected(
                minimal().with("metadata", "{\"k\":" + quoted("é".repeat(2045)) + "}"),
                INVALID_FIELD,
                "metadata: over 4096");
    }

    @Test
    void cacheTokensMustFitTheInput() {
        EventJson full = minimal()
                .with("cacheReadInputTokens", "600")
                .with("cacheWriteInputTokens", "400")
                .with("cacheWrite1hInputTokens", "400");
        accepted(full);
        assertRejected(full.with("inputTokens", "999"), INVALID_FIELD, "cacheWriteInputTokens: 600 read + 400 written");
        assertRejected(full.with("cacheWrite1hInputTokens", "401"), INVALID_FIELD, "cacheWrite1hInputTokens: 401");
        accepted(minimal().with("timeToFirstTokenMs", "1200"));
    }

    @Test
    void unknownFieldsAreIgnored() {
        EventJson odd = minimal()
                .with("x", "{\"eventId\":[1,{\"a\":\"\\u0000\"}]}")
                .with("number", "1" + "0".repeat(3000) + "e-99999999999999999999")
                .with("deep", "[".repeat(20_000) + "]".repeat(20_000))
                .with("EventId", "7")
                .with("", "\"\\ud800\"")
                .with("name".repeat(1000), "null");
        assertThat(accepted(odd)).isEqualTo(accepted(minimal()));
    }

    @Test
    void escapedFieldNameIsTheSameField() {
        accepted(minimal().without("eventId").with("event\\u0049d", "\"11111111-1111-4111-8111-111111111111\""));
    }

    @Test
    void sameContentIsByValueAndWithoutTime() {
        UsageEvent event = accepted(minimal().with("costEstimateCents", "1.5"));
        assertThat(event.sameContentAs(accepted(minimal()
                        .with("costEstimateCents", "150e-2")
                        .with("latencyMs", "1.2e3")
                        .with("cacheReadInputTokens", "0")
                        .with("actorId", "null")
                        .with("metadata", "{}")
                        .with("occurredAt", "\"2026-03-15T01:00:00Z\""))))
                .isTrue();
        for (EventJson other : List.of(
                minimal(),
                minimal().with("costEstimateCents", "1.51"),
                minimal().with("costEstimateCents", "1.5").with("latencyMs", "1"),
                minimal().with("costEstimateCents", "1.5").with("timeToFirstTokenMs", "0"),
                minimal().with("costEstimateCents", "1.5").with("clientId", "\"c\""),
                minimal().with("costEstimateCents", "1.5").with("errorCode", "\"\""),
                minimal().with("costEstimateCents", "1.5").with("status", "\"error\""),
                minimal().with("costEstimateCents", "1.5").with("cacheReadInputTokens", "1"),
                minimal().with("costEstimateCents", "1.5").with("metadata", "{\"a\":\"\"}"),
                minimal().with("costEstimateCents", "1.5").with("modelId", "\"00000000-0000-0000-0000-000000000000\""),
                minimal()
                        .with("costEstimateCents", "1.5")
                        .with("actorId", "\"00000000-0000-0000-0000-000000000000\""))) {
            assertThat(event.sameContentAs(accepted(other)))
                    .as(other.toString())
                    .isFalse();
        }
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    private static String metadataOf(int entries) {
        return IntStream.range(0, entries)
                .mapToObj(i -> "\"k" + i + "\":\"v\"")
                .collect(Collectors.joining(",", "{", "}"));
    }
}

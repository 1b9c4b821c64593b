package io.inference.analytics.devtools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.ExpectedTotals.Group;
import io.inference.analytics.devtools.ExpectedTotals.Sums;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ExpectedTotalsTest {
    private static final Instant NOW = Instant.parse("2026-03-15T12:00:00Z");
    private static final String ORG = "22222222-2222-4222-8222-222222222222";
    private static final String MODEL = "33333333-3333-4333-8333-333333333333";

    @Test
    void handWrittenCase() {
        EventJson first = EventJson.minimal().with("costEstimateCents", "1.25");
        EventJson second = EventJson.minimal()
                .with("eventId", "\"11111111-1111-4111-8111-111111111112\"")
                .with("cacheReadInputTokens", "30")
                .with("occurredAt", "\"2026-03-15T12:30:00+01:00\"");
        EventJson third = second.with("eventId", "\"11111111-1111-4111-8111-111111111113\"")
                .with("clientId", "\"client-1\"")
                .with("status", "\"error\"")
                .with("costEstimateCents", "0.00000001");
        ExpectedTotals totals = ExpectedTotals.of(
                Stream.of(
                                first.toString(),
                                // Duplicates: as it was, at another time and in another form.
                                first.toString(),
                                first.with("occurredAt", "\"2026-03-15T01:00:00Z\"")
                                        .with("costEstimateCents", "125e-2")
                                        .with("actorId", "null")
                                        .toString(),
                                "[" + second + "," + third + "," + second.with("outputTokens", "51") + ",{}]",
                                "[]",
                                "[{},",
                                first.with("latencyMs", "-1").toString(),
                                " ".repeat(70_000))
                        .map(text -> text.getBytes(UTF_8))
                        .toList(),
                NOW);

        assertThat(totals.received()).isEqualTo(10);
        assertThat(totals.stored()).isEqualTo(3);
        assertThat(totals.duplicate()).isEqualTo(2);
        assertThat(totals.conflict()).isEqualTo(1);
        assertThat(totals.deadLettered())
                .isEqualTo(Map.of("missing_field", 1L, "malformed_json", 1L, "negative_value", 1L, "too_large", 1L));
        Instant hour = Instant.parse("2026-03-15T11:00:00Z");
        assertThat(totals.groups())
                .isEqualTo(Map.of(
                        new Group(ORG, MODEL, "", "success", hour), sums(2, 1, 2000, 100, 30, "1.25"),
                        new Group(ORG, MODEL, "client-1", "error", hour), sums(1, 0, 1000, 50, 30, "0.00000001")));
        assertThat(totals.sumsOf(ORG).costEstimateCents()).isEqualByComparingTo("1.25000001");
        assertThat(totals.sumsOf(MODEL)).isEqualTo(Sums.NONE);
    }

    @Test
    void linesAreUnchanged() {
        byte[] file = "a\r\n\n{\u00e9}\nlast".getBytes(UTF_8);
        List<String> lines = new ArrayList<>();
        new MessageLines(new ByteArrayInputStream(file)).forEachRemaining(line -> lines.add(new String(line, UTF_8)));
        assertThat(lines).containsExactly("a\r", "", "{\u00e9}", "last");
    }

    private static Sums sums(long invocations, long unpriced, long input, long output, long read, String cost) {
        return new Sums(
                invocations,
                unpriced,
                BigInteger.valueOf(input),
                BigInteger.valueOf(output),
                BigInteger.valueOf(read),
                BigInteger.ZERO,
                BigInteger.ZERO,
                new BigDecimal(cost));
    }
}

package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.UsageEventCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleEventsTest {
    private static final Instant NOW = Instant.parse("2026-03-15T12:00:00.123456Z");

    @Test
    void equalSeedAndTimeGiveEqualBytes() {
        List<byte[]> first = SampleEvents.bodies(SampleOptions.mixed(3_000, 7, NOW));
        List<byte[]> second = SampleEvents.bodies(SampleOptions.mixed(3_000, 7, NOW));
        assertThat(second).containsExactlyElementsOf(first);
        assertThat(SampleEvents.bodies(SampleOptions.mixed(3_000, 8, NOW)).get(0))
                .isNotEqualTo(first.get(0));
    }

    @Test
    void sharesAreExact() {
        ExpectedTotals totals = ExpectedTotals.of(SampleEvents.bodies(SampleOptions.mixed(10_000, 1, NOW)), NOW);
        assertThat(totals.received()).isEqualTo(10_000);
        assertThat(totals.duplicate()).isEqualTo(1_000);
        assertThat(totals.conflict()).isEqualTo(200);
        assertThat(totals.deadLetters()).isEqualTo(400);
        assertThat(totals.stored()).isEqualTo(8_400);
        assertThat(totals.deadLettered())
                .containsOnlyKeys(
                        "malformed_json",
                        "too_large",
                        "missing_field",
                        "invalid_field",
                        "timestamp_out_of_range",
                        "negative_value");
        long errors = totals.groups().entrySet().stream()
                .filter(entry -> !entry.getKey().status().equals("success"))
                .mapToLong(entry -> entry.getValue().invocations())
                .sum();
        assertThat(errors).isEqualTo(420);
        assertThat(totals.groups().keySet())
                .extracting(ExpectedTotals.Group::orgId)
                .contains(SampleOptions.orgId(1), SampleOptions.orgId(2));
    }

    @Test
    void plainSampleIsOneNewEventAMessage() {
        List<byte[]> bodies = SampleEvents.bodies(SampleOptions.of(500, 1, NOW));
        assertThat(bodies).hasSize(500);
        assertThat(ExpectedTotals.of(bodies, NOW).stored()).isEqualTo(500);
        assertThat(SampleEvents.bodies(SampleOptions.of(0, 1, NOW))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 50, 99.9, 100})
    void anyShareIsPossible(double pct) {
        for (int count : List.of(1, 2, 7, 200)) {
            SampleOptions duplicates = new SampleOptions(count, 1, 1, pct, pct, pct, 0, 0, pct, 1, NOW, Duration.ZERO);
            SampleOptions malformed = new SampleOptions(count, 1, 1, 0, 0, 0, pct, 0, pct, 1, NOW, Duration.ZERO);
            SampleOptions conflicts = new SampleOptions(count, 1, 1, 0, 0, 0, 0, pct / 2, pct, 1, NOW, Duration.ZERO);
            for (SampleOptions options : List.of(duplicates, malformed, conflicts)) {
                ExpectedTotals totals = ExpectedTotals.of(SampleEvents.bodies(options), NOW);
                assertThat(totals.received()).as(options.toString()).isEqualTo(count);
            }
        }
    }

    @Test
    void repetitionOfASeedIsAllDuplicates() {
        List<byte[]> bodies = new ArrayList<>(SampleEvents.bodies(SampleOptions.of(100, 5, NOW)));
        bodies.addAll(SampleEvents.bodies(SampleOptions.of(100, 5, NOW.plusSeconds(3_600))));
        ExpectedTotals totals = ExpectedTotals.of(bodies, NOW.plusSeconds(3_600));
        assertThat(totals.stored()).isEqualTo(100);
        assertThat(totals.duplicate()).isEqualTo(100);
    }

    @Test
    void rateMovesTheTimes() {
        SampleOptions slow = new SampleOptions(1_000, 2, 3, 20, 0, 0, 0, 0, 0, 1, NOW, Duration.ofSeconds(10));
        List<byte[]> bodies = SampleEvents.bodies(slow);
        Instant end = NOW.plusSeconds(10_000);
        assertThat(ExpectedTotals.of(bodies, end).deadLetters()).isZero();
        assertThat(ExpectedTotals.of(bodies, NOW).deadLettered()).containsOnlyKeys("timestamp_out_of_range");
    }

    @Test
    void everyFaultIsFoundByTheCodecAndByTheExpectation() {
        EventJson valid = EventJson.minimal();
        for (SampleFault fault : SampleFault.ALL) {
            byte[] body = fault.body().apply(valid, NOW);
            assertThat(ExpectedTotals.of(List.of(body), NOW).deadLettered())
                    .as(fault.toString())
                    .isEqualTo(Map.of(fault.reason(), 1L));
            assertThat(codecsDeadLetters(List.of(body))).as(fault.toString()).isEqualTo(Map.of(fault.reason(), 1L));
            assertThat(body).doesNotContain('\n');
        }
    }

    @Test
    void codecAndExpectationAgreeOnASample() {
        List<byte[]> bodies = SampleEvents.bodies(SampleOptions.mixed(5_000, 3, NOW));
        assertThat(codecsDeadLetters(bodies))
                .isEqualTo(ExpectedTotals.of(bodies, NOW).deadLettered());
    }

    @Test
    void wrongOptionsAreRefused() {
        assertThatThrownBy(() -> SampleOptions.of(-1, 1, NOW)).hasMessage("count: -1 (expected: >= 0)");
        assertThatThrownBy(() -> new SampleOptions(1, 0, 1, 0, 0, 0, 0, 0, 0, 1, NOW, Duration.ZERO))
                .hasMessageStartingWith("orgs: 0");
        assertThatThrownBy(() -> new SampleOptions(1, 1, 1, 60, 0, 0, 41, 0, 0, 1, NOW, Duration.ZERO))
                .hasMessageContaining("101.0 %");
    }

    private static Map<String, Long> codecsDeadLetters(List<byte[]> bodies) {
        UsageEventCodec codec = new UsageEventCodec();
        Map<String, Long> found = new TreeMap<>();
        for (byte[] body : bodies) {
            for (Decoded decoded : codec.decode(body, NOW)) {
                if (decoded instanceof Decoded.Rejected rejected) {
                    found.merge(rejected.reason().wireName(), 1L, Long::sum);
                }
            }
        }
        return found;
    }
}

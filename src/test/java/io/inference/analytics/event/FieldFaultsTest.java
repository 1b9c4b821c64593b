package io.inference.analytics.event;

import static io.inference.analytics.devtools.EventJson.minimal;
import static io.inference.analytics.event.CodecCase.assertRejected;
import static io.inference.analytics.event.CodecCase.faults;
import static io.inference.analytics.event.RejectReason.INVALID_FIELD;
import static io.inference.analytics.event.RejectReason.MISSING_FIELD;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.EventJson;
import org.junit.jupiter.api.Test;

/** Which faults of a message are reported, and in which words. */
class FieldFaultsTest {

    @Test
    void worstFaultGivesTheReasonAndAllAreTold() {
        EventJson bad = minimal()
                .with("latencyMs", "-1")
                .with("occurredAt", "\"1999-01-01T00:00:00Z\"")
                .with("status", "\"a\\u0007\\u2028\\ud800b\"");
        assertRejected(
                bad, INVALID_FIELD, "status: \"a???b\" (expected: success, error, timeout or throttled); occurredAt: ");
        assertRejected(bad.without("outputTokens"), MISSING_FIELD, "outputTokens: missing");
        assertThat(faults(bad.without("outputTokens").bytes()))
                .extracting(FieldFault::field)
                .containsExactlyInAnyOrder("outputTokens", "status", "latencyMs", "occurredAt");
    }

    @Test
    void faultsOfArrayElementsNameTheElement() {
        byte[] body = ("[" + minimal() + "," + minimal().with("latencyMs", "-1") + ",7]").getBytes(UTF_8);
        assertThat(faults(body)).extracting(FieldFault::field).containsExactly("[1].latencyMs", "[2]");
        assertThat(faults("x".getBytes(UTF_8))).extracting(FieldFault::field).containsExactly("");
    }

    /** Anthropic's input_tokens, for one, leaves cached tokens out. */
    @Test
    void theFaultOfCachedTokensSaysWhatToSend() {
        assertThat(faults(minimal()
                        .with("inputTokens", "19")
                        .with("cacheReadInputTokens", "38000")
                        .with("cacheWriteInputTokens", "1000")
                        .bytes()))
                .singleElement()
                .extracting(FieldFault::message)
                .asString()
                .contains("together at most inputTokens, 19", "send 39019");
    }

    @Test
    void badValuesContradictNothing() {
        EventJson bad = minimal()
                .with("inputTokens", "-1")
                .with("cacheWriteInputTokens", "\"5\"")
                .with("cacheWrite1hInputTokens", "5")
                .with("latencyMs", "null")
                .with("timeToFirstTokenMs", "7");
        assertThat(faults(bad.bytes()))
                .extracting(FieldFault::field)
                .containsExactlyInAnyOrder("inputTokens", "cacheWriteInputTokens", "latencyMs");
    }
}

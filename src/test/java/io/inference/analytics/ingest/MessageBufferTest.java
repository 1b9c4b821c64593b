package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MessageBufferTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final MessageBuffer buffer = new MessageBuffer();
    private final long generation = buffer.restart();

    @Test
    void aFullBatchIsTakenWithoutWaiting() throws Exception {
        offer(10);
        assertThat(buffer.take(10, 40, LONG).orElseThrow().messages()).hasSize(10);
    }

    @Test
    void aBatchThatDoesNotFillIsTakenWhenTheTimeIsOver() throws Exception {
        offer(3);
        assertThat(buffer.take(10, 40, Duration.ofMillis(20)).orElseThrow().messages())
                .hasSize(3);
    }

    @Test
    void aBacklogIsTakenInLargerBatches() throws Exception {
        offer(95);
        assertThat(buffer.take(10, 40, LONG).orElseThrow().messages()).hasSize(40);
        assertThat(buffer.take(10, 40, LONG).orElseThrow().messages()).hasSize(40);
        assertThat(buffer.take(10, 40, LONG).orElseThrow().messages()).hasSize(15);
        assertThat(buffer.size()).isZero();
    }

    @Test
    void anIdIsOfBoundedLengthHoweverLongTheProducersIs() {
        RawMessage message = new RawMessage(new byte[0], 0, Instant.EPOCH, "x".repeat(70_000) + "\0", "", () -> {});
        assertThat(message.messageId()).hasSize(RawMessage.MESSAGE_ID_CHARS_MAX).endsWith("...");
    }

    private void offer(int count) {
        for (int i = 0; i < count; i++) {
            buffer.offer(
                    generation,
                    new RawMessage("{}".getBytes(StandardCharsets.UTF_8), i, Instant.EPOCH, "", "", () -> {}));
        }
    }
}

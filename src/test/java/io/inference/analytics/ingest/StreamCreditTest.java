package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.stream.ConsumerFlowStrategy;
import org.junit.jupiter.api.Test;

class StreamCreditTest {

    private static final int MESSAGES_MAX = 100;
    private static final int BYTES_MAX = 1_000;

    private final StreamCredit credit = new StreamCredit(MESSAGES_MAX, BYTES_MAX);
    private int given;

    @Test
    void creditGoesBackSeveralChunksAtOnce() {
        chunks(StreamCredit.AT_ONCE - 1);
        assertThat(given).isZero();

        chunks(1);

        assertThat(given).isEqualTo(StreamCredit.AT_ONCE);
    }

    @Test
    void aboveTheBoundOfMessagesCreditWaitsForCommits() {
        receive(MESSAGES_MAX, 1);
        chunks(StreamCredit.CHUNKS_UNDER_WAY);
        assertThat(given).isZero();

        credit.committed(1);

        assertThat(given).isEqualTo(StreamCredit.CHUNKS_UNDER_WAY);
    }

    @Test
    void aboveTheBoundOfBytesCreditWaitsForCommits() {
        receive(1, BYTES_MAX);
        chunks(StreamCredit.CHUNKS_UNDER_WAY);
        assertThat(given).isZero();

        credit.committed(BYTES_MAX);

        assertThat(given).isEqualTo(StreamCredit.CHUNKS_UNDER_WAY);
    }

    @Test
    void whatWasOwedToALostConnectionIsNotGivenToTheNextOne() {
        chunks(StreamCredit.AT_ONCE - 1);

        assertThat(credit.initialCredits()).isEqualTo(StreamCredit.CHUNKS_UNDER_WAY);
        chunks(1);

        assertThat(given).isZero();
    }

    @Test
    void severalStreamsShareTheBounds() {
        StreamCredit fourth = new StreamCredit(MESSAGES_MAX, BYTES_MAX, 4);
        assertThat(fourth.initialCredits()).isEqualTo(StreamCredit.CHUNKS_UNDER_WAY / 4);
        for (int message = 0; message < MESSAGES_MAX / 4; message++) {
            fourth.received(1);
        }
        fourth.start(new Chunk());
        assertThat(given).as("no credit above a fourth of the messages").isZero();

        fourth.committed(1);

        assertThat(given).isEqualTo(1);
        assertThat(new StreamCredit(MESSAGES_MAX, BYTES_MAX, 16).initialCredits())
                .isEqualTo(1);
    }

    private void chunks(int count) {
        for (int i = 0; i < count; i++) {
            credit.start(new Chunk());
        }
    }

    private void receive(int messages, int bytesEach) {
        for (int i = 0; i < messages; i++) {
            credit.received(bytesEach);
        }
    }

    private final class Chunk implements ConsumerFlowStrategy.Context {

        @Override
        public void credits(int credits) {
            given += credits;
        }

        @Override
        public long messageCount() {
            return 1;
        }

        @Override
        public long chunkId() {
            return 0;
        }
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.junit.jupiter.api.Test;

/** How the end of a connection goes together with acknowledgements that the connector has not written yet. */
class QueueSessionTest {

    private static final long PATIENCE_SECONDS = 60;

    private final List<String> steps = new ArrayList<>();
    private final QueueSession session = new QueueSession(0);

    @Test
    void theConnectionIsClosedAfterTheAcknowledgementsOfWhatIsCommitted() throws Exception {
        CompletableFuture<Void> written = new CompletableFuture<>();
        session.subscribed(() -> written.completeAsync(
                () -> {
                    steps.add("acknowledged");
                    return null;
                },
                CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS)));
        session.committed(message(() -> written));

        CompletableFuture<Void> closed = CompletableFuture.runAsync(session::close);
        closed.thenRun(() -> steps.add("closed")).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(steps).containsExactly("acknowledged", "closed");
    }

    @Test
    void whatIsCommittedLaterIsNotAcknowledged() {
        session.close();
        session.committed(message(() -> {
            steps.add("acknowledged");
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(steps).isEmpty();
    }

    @Test
    void acknowledgementsOfAChannelThatIsGoneHoldNothingUp() {
        session.committed(message(CompletableFuture::new));
        session.end("the channel is gone");
        assertThatCode(() -> CompletableFuture.runAsync(session::close).get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .doesNotThrowAnyException();
    }

    private static Message<byte[]> message(Supplier<CompletionStage<Void>> acknowledge) {
        return Message.of(new byte[0], acknowledge);
    }
}

package io.inference.analytics.bench;

import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;

/** Acknowledges every message at once; prints messages per second from the first to the last, and ends. */
@ApplicationScoped
class ConnectorAlone {

    private final long expected;
    private long startedNanos;
    private long count;

    ConnectorAlone(@ConfigProperty(name = "bench.messages") long expected) {
        this.expected = expected;
    }

    @Incoming("reference")
    CompletionStage<Void> consume(Message<byte[]> message) {
        if (count == 0) {
            startedNanos = System.nanoTime();
        }
        count++;
        if (count < expected) {
            return message.ack();
        }
        double seconds = (System.nanoTime() - startedNanos) / 1e9;
        return message.ack().thenRun(() -> {
            System.out.printf(Locale.ROOT, "rate=%.1f%n", (expected - 1) / seconds);
            Quarkus.asyncExit(0);
        });
    }
}

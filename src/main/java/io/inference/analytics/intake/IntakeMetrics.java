package io.inference.analytics.intake;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;

/** Counts the events of requests by the answer that the caller got; every series exists at 0 from the start. */
@Startup
@ApplicationScoped
class IntakeMetrics {

    private final Counter accepted;
    private final Counter rejected;
    private final Counter unavailable;

    IntakeMetrics(MeterRegistry registry) {
        accepted = outcome(registry, "accepted");
        rejected = outcome(registry, "rejected");
        unavailable = outcome(registry, "unavailable");
    }

    private static Counter outcome(MeterRegistry registry, String outcome) {
        return Counter.builder("analytics.intake.events")
                .description(
                        "Usage events over HTTP: accepted (the broker has confirmed them), rejected (they break a rule),"
                                + " or unavailable (the broker did not confirm them, and the caller sends them again)")
                .tag("outcome", outcome)
                .register(registry);
    }

    void rejected(int events) {
        rejected.increment(events);
    }

    void published(int events, boolean confirmed) {
        (confirmed ? accepted : unavailable).increment(events);
    }
}

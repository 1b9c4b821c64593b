package io.inference.analytics.export;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Meters of exports; all series exist from the start. */
@ApplicationScoped
class ExportMetrics {

    private final Map<ExportStatus, Counter> jobs = new EnumMap<>(ExportStatus.class);
    private final Timer duration;
    private final AtomicInteger consecutiveFailures = new AtomicInteger();
    private final AtomicInteger restatementsDue = new AtomicInteger();

    ExportMetrics(MeterRegistry registry) {
        for (ExportStatus status : ExportStatus.values()) {
            jobs.put(
                    status,
                    Counter.builder("analytics.export.jobs")
                            .description("Export jobs that this process put into the status")
                            .tag("status", status.wireName())
                            .register(registry));
        }
        duration = Timer.builder("analytics.export.duration")
                .description("Duration of the try that made the file")
                .register(registry);
        Gauge.builder("analytics.export.consecutive.failures", consecutiveFailures, AtomicInteger::get)
                .description("Tries of this process that ended without a file since its last success")
                .register(registry);
        Gauge.builder("analytics.export.restatements.due", restatementsDue, AtomicInteger::get)
                .description("Monthly files of charges that the bill no longer agrees with")
                .register(registry);
    }

    /**
     * Creates this bean at the start: otherwise its series would not exist before the first export.
     */
    void onStart(@Observes StartupEvent event) {
        consecutiveFailures.set(0);
    }

    void count(ExportStatus status) {
        jobs.get(status).increment();
    }

    void succeeded(Duration took) {
        count(ExportStatus.SUCCEEDED);
        duration.record(took);
        consecutiveFailures.set(0);
    }

    /** A try ended without a file, whatever follows. */
    void tryFailed() {
        consecutiveFailures.incrementAndGet();
    }

    void restatementsDue(int files) {
        restatementsDue.set(files);
    }
}

package io.inference.analytics.ingest;

import io.inference.analytics.ingest.RecentUsage.Figures;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToDoubleFunction;

/**
 * Error rate and latency of the last five minutes by organisation, refreshed every 15 s for the {@link #ORGS_MAX} with the most
 * events. Each replica shows the events that it stored itself; an organisation under 20 events has no series.
 */
@ApplicationScoped
class UsageGauges {

    /** Bounds the series: one error rate and three quantiles each. */
    private static final int ORGS_MAX = 250;

    private final RecentUsage recent;
    private final MultiGauge errorRate;
    private final MultiGauge latency;
    private volatile Map<UUID, Figures> figures = Map.of();

    UsageGauges(RecentUsage recent, MeterRegistry registry) {
        this.recent = recent;
        this.errorRate = MultiGauge.builder("analytics.usage.error.rate")
                .description("Share of the events of the last 5 minutes whose status is not success, 0 to 1")
                .register(registry);
        this.latency = MultiGauge.builder("analytics.usage.latency")
                .description("Latency of the events of the last 5 minutes, nearest rank, at most 2 % off")
                .baseUnit("seconds")
                .register(registry);
    }

    @EndsBeforeStop
    @Scheduled(every = "15s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        figures = recent.figures(ORGS_MAX);
        List<Row<?>> rates = new ArrayList<>();
        List<Row<?>> latencies = new ArrayList<>();
        for (UUID org : figures.keySet()) {
            Tags tags = Tags.of("org_id", org.toString());
            // Rows look up their value when scraped. So rows that stay are never registered again and never miss a
            // scrape.
            rates.add(Row.of(tags, () -> value(org, Figures::errorRate)));
            latencies.add(Row.of(tags.and("quantile", "0.5"), () -> value(org, Figures::p50Seconds)));
            latencies.add(Row.of(tags.and("quantile", "0.95"), () -> value(org, Figures::p95Seconds)));
            latencies.add(Row.of(tags.and("quantile", "0.99"), () -> value(org, Figures::p99Seconds)));
        }
        errorRate.register(rates);
        latency.register(latencies);
    }

    private double value(UUID org, ToDoubleFunction<Figures> figure) {
        Figures known = figures.get(org);
        return known == null ? Double.NaN : figure.applyAsDouble(known);
    }
}

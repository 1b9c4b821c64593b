package io.inference.analytics.price;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.EndsBeforeStop;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.generic.GenericType;

/** How many invocations of the last 24 hours have no cost, by reason. */
@ApplicationScoped
class UnpricedGauge {

    private static final Logger LOG = Logger.getLogger(UnpricedGauge.class);
    private static final Duration WINDOW = Duration.ofHours(24);

    private static final String COUNT =
            """
            select case when prices.first_valid is null then 'no_price'
                        when prices.first_valid > unpriced.last_hour then 'not_valid_yet'
                        else 'class_without_price' end as reason,
                   sum(unpriced.invocations) as invocations
            from (select model_id, max(bucket_start) as last_hour, sum(unpriced_invocations) as invocations
                  from analytics.usage_hourly where bucket_start >= :since and unpriced_invocations > 0
                  group by model_id) unpriced
            left join (select model_id, min(valid_from) as first_valid from analytics.model_prices
                       where service_tier is null and context_window is null group by model_id) prices using (model_id)
            group by 1
            """;

    private final Jdbi jdbi;
    private final Clock clock;
    private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();

    UnpricedGauge(Jdbi jdbi, Clock clock, MeterRegistry registry) {
        this.jdbi = jdbi;
        this.clock = clock;
        for (String reason : new String[] {"no_price", "not_valid_yet", "class_without_price"}) {
            counts.put(reason, new AtomicLong());
            Gauge.builder("analytics.unpriced.invocations", counts.get(reason), AtomicLong::get)
                    .description("Invocations of the last 24 hours without a cost")
                    .tag("reason", reason)
                    .register(registry);
        }
    }

    /** Being asked makes the bean, and so its series, at the start and not with the first round. */
    void onStart(@Observes StartupEvent event) {
        LOG.debugf("event=unpriced_gauge_registered reasons=%d", counts.size());
    }

    @EndsBeforeStop
    @Scheduled(every = "1m", delayed = "10s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void refresh() {
        try {
            Map<String, Long> found = jdbi.withHandle(handle -> handle.createQuery(COUNT)
                    .bind("since", clock.instant().minus(WINDOW))
                    .setMapKeyColumn("reason")
                    .setMapValueColumn("invocations")
                    .collectInto(new GenericType<Map<String, Long>>() {}));
            counts.forEach((reason, count) -> count.set(found.getOrDefault(reason, 0L)));
        } catch (JdbiException e) {
            LOG.warnf("event=unpriced_not_counted sqlstate=%s", SqlState.of(e));
        }
    }
}

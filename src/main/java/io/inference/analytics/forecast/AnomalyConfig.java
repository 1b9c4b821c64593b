package io.inference.analytics.forecast;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.math.BigDecimal;
import java.time.Duration;

/** When a cost counts as unusual. */
@ConfigMapping(prefix = "analytics.anomalies")
interface AnomalyConfig {

    /** US dollars by which the cost of a day or an hour must depart from what is expected. */
    @WithDefault("10")
    BigDecimal minimumUsd();

    /** How often one replica looks for organisations that spend unusually much, for the metric. */
    @WithDefault("10m")
    Duration interval();

    /** The minimum in US cents. */
    default BigDecimal minimumCents() {
        return minimumUsd().movePointRight(2);
    }
}

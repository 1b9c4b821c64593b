package io.inference.analytics.forecast;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.math.BigDecimal;

/** When a cost counts as unusual. */
@ConfigMapping(prefix = "analytics.anomalies")
interface AnomalyConfig {

    /** US dollars by which the cost of a day or an hour must depart from what is expected. */
    @WithDefault("10")
    BigDecimal minimumUsd();

    /** The same in US cents. */
    default BigDecimal minimumCents() {
        return minimumUsd().movePointRight(2);
    }
}

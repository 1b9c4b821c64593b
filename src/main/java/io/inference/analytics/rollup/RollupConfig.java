package io.inference.analytics.rollup;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How often the rollups are maintained. */
@ConfigMapping(prefix = "analytics.rollup")
public interface RollupConfig {

    /** Whether this process maintains the rollups at all; the command line switches it off. */
    @WithDefault("true")
    boolean enabled();

    /** Pause between two rounds. */
    Duration interval();

    /**
     * Pause between two rounds of creating partitions ahead and dropping data past its retention.
     */
    @WithDefault("1h")
    Duration upkeepInterval();

    /** Most batches rolled up in one transaction. */
    @WithDefault("2000")
    int batchesMax();
}

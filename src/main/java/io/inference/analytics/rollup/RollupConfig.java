package io.inference.analytics.rollup;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How often the rollups are looked after. */
@ConfigMapping(prefix = "analytics.rollup")
public interface RollupConfig {

    /** Whether this process looks after the rollups at all; the command line switches it off. */
    @WithDefault("true")
    boolean enabled();

    /** Pause between two rounds. */
    @WithDefault("5s")
    Duration interval();

    /** Pause between two rounds of making partitions ahead and dropping what retention ends. */
    @WithDefault("1h")
    Duration upkeepInterval();

    /** Batches of one round, at most. */
    @WithDefault("2000")
    int batchesMax();
}

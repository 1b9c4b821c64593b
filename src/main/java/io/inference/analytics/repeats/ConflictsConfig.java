package io.inference.analytics.repeats;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** When conflicts are looked at. */
@ConfigMapping(prefix = "analytics.conflicts")
interface ConflictsConfig {

    /** How often every replica looks for clients with too many conflicts, for the metric. */
    @WithDefault("5m")
    Duration interval();
}

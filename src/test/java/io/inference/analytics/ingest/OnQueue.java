package io.inference.analytics.ingest;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** Transport queue with short waits. */
public final class OnQueue implements QuarkusTestProfile {

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.of(
                "analytics.ingestion.transport", "queue",
                "analytics.ingestion.batch-timeout", "50ms",
                "analytics.rollup.interval", "1s");
    }
}

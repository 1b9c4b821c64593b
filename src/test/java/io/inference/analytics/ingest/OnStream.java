package io.inference.analytics.ingest;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** Transport stream with short waits. */
public final class OnStream implements QuarkusTestProfile {

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.of(
                "analytics.ingestion.transport", "stream",
                "analytics.ingestion.batch-timeout", "50ms",
                "analytics.ingestion.stream.lease", "3s",
                "analytics.rollup.interval", "1s");
    }
}

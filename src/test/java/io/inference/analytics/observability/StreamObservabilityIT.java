package io.inference.analytics.observability;

import io.inference.analytics.devtools.StoredDocument;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class StreamObservabilityIT extends ObservabilityContract {

    @Override
    String transport() {
        return "stream";
    }

    @Override
    String logLevel() {
        return "debug";
    }

    /** Of the two transports, the one with all metrics. */
    @Test
    void theStoredPageIsWhatTheServiceAnswers() throws IOException {
        StoredDocument.assertStored(MetricsPage.PAGE, MetricsPage.text(complete()));
    }
}

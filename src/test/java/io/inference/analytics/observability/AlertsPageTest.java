package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.inference.analytics.devtools.StoredDocument;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AlertsPageTest {

    @Test
    void theStoredPageIsWhatTheRulesSay() throws IOException {
        StoredDocument.assertStored(AlertsPage.PAGE, AlertsPage.text());
    }

    @Test
    void everyAlertLeadsToARunbook() {
        for (JsonNode alert : Promql.alerts()) {
            String runbook = alert.path("annotations").path("runbook_url").asText();
            assertThat(Path.of(runbook)).as(alert.path("alert").asText()).isRegularFile();
        }
    }
}

package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SettingsPageTest {

    @Test
    void theStoredPageIsWhatTheSourcesSay() throws IOException {
        StoredDocument.assertStored(Path.of("docs/settings.md"), SettingsPage.text());
    }

    @Test
    void theScriptsKnowEverySetting() throws IOException {
        StoredDocument.assertStored(Path.of("local-dev/lib/settings.generated"), SettingsPage.names());
    }

    @Test
    void nestedPropertiesAndDefaultsAreFound() throws IOException {
        assertThat(SettingsPage.text())
                .contains("| `analytics.ingestion.stream.lease` | `15s` |")
                .contains("| `analytics.ingestion.queue.prefetch` | `4000` |")
                .contains("| `HTTP_PORT` | `8084` |")
                .contains("| `DATABASE_URL` | required |")
                .doesNotContain("\n| `analytics.ingestion.batch-size`");
    }
}

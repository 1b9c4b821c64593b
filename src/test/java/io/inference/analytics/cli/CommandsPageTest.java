package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.StoredDocument;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class CommandsPageTest {

    @Test
    void theStoredPageIsWhatTheCommandsSay() throws IOException {
        StoredDocument.assertStored(CommandsPage.PAGE, CommandsPage.text());
    }

    @Test
    void commandsOfCommandsAreFound() {
        assertThat(CommandsPage.text()).contains("## analytics dlq replay", "--reason=CODE", "## analytics migrate");
    }
}

package io.inference.analytics.devtools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A page of the repository that is generated: tests hold it to what would be generated now, or write it again. */
public final class StoredDocument {

    /** {@code -Danalytics.write-docs} on Maven's command line writes the pages instead of complaining. */
    private static final String WRITE = "analytics.write-docs";

    private StoredDocument() {}

    /** Fails when the stored page differs from the text. */
    public static void assertStored(Path page, String text) throws IOException {
        if (System.getProperty(WRITE) != null) {
            Files.createDirectories(page.getParent());
            Files.writeString(page, text, StandardCharsets.UTF_8);
        }
        assertThat(page)
                .as("%s; run this test with -D%s to write it", page, WRITE)
                .content(StandardCharsets.UTF_8)
                .isEqualTo(text);
    }
}

package io.inference.analytics.repeats;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The alert is about a count; the share behind it is the job's. */
class ConflictsShareTest {

    @ParameterizedTest
    @ValueSource(strings = {"gitops/prometheus/analytics-rules.yaml", "docs/runbooks/duplicates-and-conflicts.md"})
    void textsNameTheShareOfTheJob(String text) throws IOException {
        assertThat(Files.readString(Path.of(text))).contains("more than " + ConflictsJob.PERCENT_MAX + " % conflicts");
    }
}

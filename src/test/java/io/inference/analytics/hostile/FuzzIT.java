package io.inference.analytics.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The short run of the fuzz targets, in a process of its own; {@code local-dev/fuzz} runs them for as long as one likes. */
class FuzzIT {

    private static final int RUNS = 3_000;
    private static final int SECONDS_MAX = 180;

    @Test
    void noInputBreaksWhatReadsIt() throws Exception {
        Path directory = Files.createDirectories(Path.of("target/fuzz"));
        Path log = directory.resolve("short-run.log");
        Process fuzzer = new ProcessBuilder(
                        List.of("local-dev/fuzz", "EveryTarget", "-runs=" + RUNS, "-seed=4711", "-max_len=2048"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(fuzzer.waitFor(SECONDS_MAX, TimeUnit.SECONDS))
                    .as("end of the run, see %s", log)
                    .isTrue();
            String said = Files.readString(log, StandardCharsets.UTF_8);
            assertThat(fuzzer.exitValue()).as(said).isZero();
            assertThat(said).contains("Done " + RUNS + " runs");
        } finally {
            fuzzer.destroyForcibly();
        }
    }
}

package io.inference.analytics.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.ServiceProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code local-dev/bench spike}: a burst or two within some seconds. */
class SpikeIT {

    private static final double MEMORY_MAX_MIB = 512;

    @TempDir
    Path directory;

    @Test
    void aBurstIsStoredWholeAndItsLagGoesAway() throws Exception {
        try (Stack stack = new Stack("stream");
                ServiceProcess service = stack.startService()) {
            Spike spike = new Spike(
                    stack, new Spike.Shape(Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(1)));
            List<Spike.Sample> samples = spike.run(service);
            assertThat(spike.published()).isGreaterThanOrEqualTo(27_000);
            assertThat(stack.number("select count(*) from analytics.usage_events"))
                    .isEqualTo(spike.published());
            assertThat(samples.get(samples.size() - 1).lagSeconds()).isZero();
            assertThat(ProcessUsage.peakResidentMib(service.pid())).isLessThan(MEMORY_MAX_MIB);
            CommandProcess.Result conservation = CommandProcess.run(stack.settings(), "conservation");
            assertThat(conservation.exitCode()).as(conservation.toString()).isZero();
            Path picture = directory.resolve("spike.svg");
            SpikePicture.write(picture, samples);
            assertThat(Files.readString(picture))
                    .contains("lag, s", "memory, MiB")
                    .endsWith("</svg>\n");
        }
    }
}

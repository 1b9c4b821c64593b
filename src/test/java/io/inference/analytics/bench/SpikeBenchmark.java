package io.inference.analytics.bench;

import io.inference.analytics.testing.ServiceProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Bursts of five times the steady load, minute after minute: nothing is lost, memory stays flat, and the lag goes away. */
final class SpikeBenchmark {

    private static final Duration STEADY = Duration.ofSeconds(50);
    private static final Duration BURST = Duration.ofSeconds(10);
    private static final double MEMORY_MAX_MIB = 512;

    /** Where the curves go. */
    static final Path PICTURE = Path.of("docs/spike.svg");

    private final Duration duration;
    private final boolean draws;
    private final List<String> notes;

    SpikeBenchmark(Duration duration, boolean draws, List<String> notes) {
        this.duration = duration;
        this.draws = draws;
        this.notes = notes;
    }

    List<Figure> run() throws Exception {
        try (Stack stack = new Stack("stream");
                ServiceProcess service = stack.startService()) {
            Bench.progress("3,000 events/s for %d s, with 15,000/s for %d s of each minute"
                    .formatted(duration.toSeconds(), BURST.toSeconds()));
            Spike spike = new Spike(stack, new Spike.Shape(duration, STEADY, BURST));
            List<Spike.Sample> samples = spike.run(service);
            double rows = stack.number("select count(*) from analytics.usage_events");
            double shown = stack.number("select sum(invocations) from analytics.usage_hourly");
            if (draws) {
                SpikePicture.write(PICTURE, samples);
            }
            notes.add(String.format(
                    Locale.ROOT,
                    "spike: memory of the second third %.0f MiB, of the last %.0f MiB (medians)",
                    median(samples, 1, Spike.Sample::residentMib),
                    median(samples, 2, Spike.Sample::residentMib)));
            return List.of(
                    new Figure(
                            "spike of %d s, %,d events".formatted(duration.toSeconds(), spike.published()),
                            String.format(Locale.ROOT, "%,.0f stored, %,.0f in the rollups", rows, shown),
                            "",
                            "",
                            "none lost",
                            rows == spike.published() && shown == rows),
                    Figure.atMost(
                            "spike, longest lag",
                            1_000
                                    * samples.stream()
                                            .mapToDouble(Spike.Sample::lagSeconds)
                                            .max()
                                            .orElseThrow(),
                            60_000,
                            "ms"),
                    Figure.atMost(
                            "memory (spike, VmHWM)",
                            ProcessUsage.peakResidentMib(service.pid()),
                            MEMORY_MAX_MIB,
                            "MiB"));
        }
    }

    /** The median of one of the three thirds. */
    private static double median(List<Spike.Sample> samples, int third, ToDoubleFunction<Spike.Sample> of) {
        int length = samples.size() / 3;
        return Bench.median(samples.subList(third * length, (third + 1) * length).stream()
                .map(sample -> of.applyAsDouble(sample))
                .toList());
    }
}

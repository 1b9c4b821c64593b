package io.inference.analytics.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The curves of a {@link Spike}, one below the other over the same time. */
final class SpikePicture {

    private static final int LEFT = 70;
    private static final int WIDTH = 700;
    private static final int HEIGHT = 110;
    private static final int STEP = 150;
    private static final int TOP = 30;

    private SpikePicture() {}

    static void write(Path file, List<Spike.Sample> samples) throws IOException {
        StringBuilder svg = new StringBuilder();
        svg.append(
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 640" font-family="sans-serif" font-size="12">
                <title>3,000 events per second with bursts of 15,000: rates, lag and memory</title>
                <rect width="800" height="640" fill="#fff"/>
                """);
        List<Spike.Sample> later = samples.subList(1, samples.size());
        panel(svg, 0, "published, events/s", "#1b6ca8", later, rate(samples, Spike.Sample::published));
        panel(svg, 1, "stored, events/s", "#2e7d32", later, rate(samples, Spike.Sample::stored));
        panel(svg, 2, "lag, s", "#c62828", later, values(later, Spike.Sample::lagSeconds));
        panel(svg, 3, "memory, MiB", "#6a3d9a", later, values(later, Spike.Sample::residentMib));
        svg.append("</svg>\n");
        Files.writeString(file, svg);
    }

    private static double[] rate(List<Spike.Sample> samples, ToDoubleFunction<Spike.Sample> count) {
        return IntStream.range(1, samples.size())
                .mapToDouble(i -> (count.applyAsDouble(samples.get(i)) - count.applyAsDouble(samples.get(i - 1)))
                        / (samples.get(i).second() - samples.get(i - 1).second()))
                .toArray();
    }

    private static double[] values(List<Spike.Sample> samples, ToDoubleFunction<Spike.Sample> value) {
        return samples.stream().mapToDouble(value).toArray();
    }

    private static void panel(
            StringBuilder svg, int row, String name, String colour, List<Spike.Sample> samples, double[] values) {
        double most = Math.max(
                1,
                IntStream.range(0, values.length)
                        .mapToDouble(i -> values[i])
                        .max()
                        .orElse(1));
        double end = samples.get(samples.size() - 1).second();
        int bottom = TOP + row * STEP + HEIGHT;
        svg.append("<g stroke=\"#ccc\"><path d=\"M%d %dh%dM%d %dh%d\"/></g>%n"
                .formatted(LEFT, bottom, WIDTH, LEFT, bottom - HEIGHT, WIDTH));
        svg.append(
                "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>%n".formatted(LEFT, bottom - HEIGHT - 6, name));
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%,.0f</text>%n<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>%n",
                LEFT - 6,
                bottom - HEIGHT + 4,
                most,
                LEFT - 6,
                bottom + 4));
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.0f s</text>%n",
                LEFT + WIDTH,
                bottom + 16,
                end));
        svg.append("<path fill=\"none\" stroke=\"").append(colour).append("\" d=\"");
        for (int i = 0; i < values.length; i++) {
            svg.append(String.format(
                    Locale.ROOT,
                    "%s%.1f %.1f",
                    i == 0 ? "M" : "L",
                    LEFT + WIDTH * samples.get(i).second() / end,
                    bottom - HEIGHT * Math.max(0, values[i]) / most));
        }
        svg.append("\"/>\n");
    }
}

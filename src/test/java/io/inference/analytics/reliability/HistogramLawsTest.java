package io.inference.analytics.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class HistogramLawsTest {

    /** As the database function latency_bin has it. */
    private static int bin(long milliseconds) {
        return milliseconds <= 0 ? 0 : (int) Math.ceil(Math.log(milliseconds) / Math.log(LatencyBins.GAMMA)) + 1;
    }

    private static Histogram of(List<Long> milliseconds) {
        Histogram histogram = new Histogram();
        milliseconds.forEach(value -> histogram.add(bin(value), 1));
        return histogram;
    }

    private static void assertWithinTwoPercentOrOneMillisecond(double found, double exact) {
        assertThat(Math.abs(found - exact))
                .as("%s for %s", found, exact)
                .isLessThanOrEqualTo(Math.max(1, 0.02 * exact));
    }

    @Property
    void aPercentileIsTheValueAtItsRankWithinTwoPercent(
            @ForAll @Size(min = 1, max = 300) List<@LongRange(min = 0, max = 10_000_000) Long> milliseconds,
            @ForAll @IntRange(min = 1, max = 100) int percent) {
        long[] sorted =
                milliseconds.stream().mapToLong(Long::longValue).sorted().toArray();
        int rank = (int) Math.ceil(percent * sorted.length / 100.0);
        assertWithinTwoPercentOrOneMillisecond(of(milliseconds).percentile(percent), sorted[rank - 1]);
    }

    @Property
    void everyLatencyIsReportedWithinTwoPercent(
            @ForAll @LongRange(min = 0, max = 9_000_000_000_000L) long milliseconds) {
        double reported = LatencyBins.millis(bin(milliseconds));
        assertWithinTwoPercentOrOneMillisecond(reported, milliseconds);
        if (milliseconds < 25) {
            assertThat(reported).isEqualTo(milliseconds);
        }
    }

    @Property
    void mergedHistogramsAreTheHistogramOfAll(
            @ForAll @Size(max = 100) List<@LongRange(min = 0, max = 1_000_000) Long> some,
            @ForAll @Size(min = 1, max = 100) List<@LongRange(min = 0, max = 1_000_000) Long> others,
            @ForAll @IntRange(min = 1, max = 100) int percent) {
        Histogram merged = of(others);
        merged.add(of(some));
        Long[] all =
                java.util.stream.Stream.concat(some.stream(), others.stream()).toArray(Long[]::new);
        Histogram together = of(Arrays.asList(all));
        assertThat(merged.total()).isEqualTo(together.total());
        assertThat(merged.percentile(percent)).isEqualTo(together.percentile(percent));
    }
}

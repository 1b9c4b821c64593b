package io.inference.analytics.reliability;

import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Percentiles of the events themselves by nearest rank, in milliseconds.
 *
 * @param p50 the median
 * @param p95 19 of 20 took at most this long
 * @param p99 99 of 100 took at most this long
 */
@Schema(
        name = "Percentiles",
        description = "Milliseconds; percentiles of the events themselves by nearest rank, within 2 % (or 1 ms)")
public record Percentiles(double p50, double p95, double p99) {

    /** The percentiles of a histogram; empty when it counts nothing. */
    static Optional<Percentiles> of(Histogram histogram) {
        return histogram.total() == 0
                ? Optional.empty()
                : Optional.of(
                        new Percentiles(histogram.percentile(50), histogram.percentile(95), histogram.percentile(99)));
    }
}

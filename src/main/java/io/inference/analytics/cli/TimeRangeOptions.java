package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.TimeRange;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --from} and {@code --to} of commands about a range of time. */
final class TimeRangeOptions {

    @Option(names = "--from", required = true, paramLabel = "TIME", description = "A date (UTC) or an RFC 3339 time.")
    Instant from;

    @Option(names = "--to", required = true, paramLabel = "TIME", description = "The first moment after the range.")
    Instant to;

    /** @throws Failure.Invalid when the range does not end after it begins */
    TimeRange range() {
        check(Optional.of(from), Optional.of(to));
        return new TimeRange(from, to);
    }

    /** @throws Failure.Invalid when both are given, and the range does not end after it begins */
    static void check(Optional<Instant> from, Optional<Instant> to) {
        if (from.isPresent() && to.isPresent() && !from.get().isBefore(to.get())) {
            throw new Failure.Invalid("to", "to: %s (expected: later than --from, %s)".formatted(to.get(), from.get()));
        }
    }
}

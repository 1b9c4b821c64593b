package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rollup refresh}. */
@Dependent
@Command(
        name = "refresh",
        description = {
            "Computes the rollups of a range anew from the raw events, one UTC day after the other.",
            "A day that was done stays done if a later one fails. The server may run meanwhile."
        })
class RollupRefreshCommand implements ServiceCommand {

    @Option(
            names = "--from",
            required = true,
            paramLabel = "TIME",
            description = "A date or an RFC 3339 time; the whole UTC day is done.")
    Instant from;

    @Option(
            names = "--to",
            required = true,
            paramLabel = "TIME",
            description = "The first moment after the range; its day is done too unless it is midnight.")
    Instant to;

    @Inject
    RollupRepair repair;

    @Override
    public void validate() {
        if (!from.isBefore(to)) {
            throw new Failure.Invalid("--to", "--to: %s (expected: later than --from, %s)".formatted(to, from));
        }
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        int days = repair.recompute(new TimeRange(from, to), day -> out.println(day));
        out.printf("days recomputed: %d%n", days);
        return 0;
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.rollup.RollupRepair;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code rollup …}. */
@Command(name = "rollup", description = "Maintains the rollups.", subcommands = RollupCommands.Refresh.class)
final class RollupCommands {

    @Dependent
    @Command(
            name = "refresh",
            description = {
                "Recomputes the rollups of a range from the raw events, one UTC day after the other.",
                "Every UTC day that the range touches is recomputed as a whole.",
                "If a day fails, the days before it stay recomputed. The server may run meanwhile."
            })
    static class Refresh implements ServiceCommand {

        @Mixin
        TimeRangeOptions range;

        @Inject
        RollupRepair repair;

        @Override
        public void validate() {
            range.range();
        }

        @Override
        public int run(PrintWriter out) throws InterruptedException {
            int days = repair.recompute(range.range(), day -> out.println(day));
            out.printf("days recomputed: %d%n", days);
            return 0;
        }
    }
}

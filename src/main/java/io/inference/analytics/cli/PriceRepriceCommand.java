package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.price.Repricing;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code price reprice}. */
@Dependent
@Command(
        name = "reprice",
        description = {
            "Shows what pricing the events of a range anew would change, by organisation; changes nothing without --apply.",
            "Costs that events brought with them stay. With --apply the rollups of the days follow, and the change is recorded."
        })
class PriceRepriceCommand implements ServiceCommand {

    @Option(names = "--from", required = true, paramLabel = "TIME", description = "A date (UTC) or an RFC 3339 time.")
    Instant from;

    @Option(names = "--to", required = true, paramLabel = "TIME", description = "The first moment after the range.")
    Instant to;

    @Option(names = "--apply", description = "Changes the costs.")
    boolean apply;

    @Inject
    Repricing repricing;

    @Inject
    RollupRepair repair;

    @Override
    public void validate() {
        if (!from.isBefore(to)) {
            throw new Failure.Invalid("--to", "--to: %s (expected: later than --from, %s)".formatted(to, from));
        }
    }

    @Override
    public boolean changesSomething() {
        return apply;
    }

    @Override
    public int run(PrintWriter out) throws SQLException, InterruptedException {
        TimeRange range = new TimeRange(from, to);
        List<Repricing.Change> changes;
        if (apply) {
            changes = repricing.apply(range, CommandRun.actor());
            repair.recompute(range, day -> {});
        } else {
            changes = repricing.preview(range);
        }
        out.println("ORGANISATION\tEVENTS\tBEFORE\tAFTER\tDIFFERENCE\tUNPRICED BEFORE\tUNPRICED AFTER");
        for (Repricing.Change change : changes) {
            out.printf(
                    "%s\t%d\t%s\t%s\t%s\t%d\t%d%n",
                    change.org(),
                    change.events(),
                    change.oldCents().toPlainString(),
                    change.newCents().toPlainString(),
                    change.newCents().subtract(change.oldCents()).toPlainString(),
                    change.unpricedBefore(),
                    change.unpricedAfter());
        }
        long events = changes.stream().mapToLong(Repricing.Change::events).sum();
        out.printf(
                "%d events %s; amounts are US cents%n",
                events, apply ? "repriced" : "would be repriced (--apply does it)");
        return 0;
    }
}

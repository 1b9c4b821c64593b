package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.price.Repricing;
import io.inference.analytics.rollup.RollupRepair;
import io.inference.analytics.series.TimeRange;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.JdbiException;
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

    private static final Duration RETRY_AFTER = Duration.ofMinutes(1);

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
    public int run(PrintWriter out) throws InterruptedException {
        TimeRange range = new TimeRange(from, to);
        repair.check(range);
        Collection<Repricing.Change> changes = apply ? apply(range) : repricing.preview(range);
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

    /** Day by day, so that ingest waits for one day at most, and an abort leaves at most one day's rollups behind. */
    private Collection<Repricing.Change> apply(TimeRange range) throws InterruptedException {
        Map<UUID, Repricing.Change> changes = new TreeMap<>(Comparator.comparing(UUID::toString));
        for (TimeRange day : range.byDay()) {
            for (Repricing.Change change : repricing.apply(day, CommandRun.actor())) {
                changes.merge(change.org(), change, Repricing.Change::plus);
            }
            try {
                repair.recompute(day, done -> {});
            } catch (JdbiException | Failure.Unavailable e) {
                throw new Failure.Unavailable(
                        "the events from %s on have new costs, but their rollups have not (%s): run this command again, or `analytics rollup refresh --from %s --to %s`"
                                .formatted(day.start(), e.getMessage(), day.start(), day.end()),
                        RETRY_AFTER,
                        e);
            }
        }
        return changes.values();
    }
}

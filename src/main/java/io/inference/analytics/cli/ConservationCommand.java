package io.inference.analytics.cli;

import io.inference.analytics.ingest.ConservationCheck;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code conservation}. */
@Dependent
@Command(
        name = "conservation",
        description = {
            "Checks that every received event is accounted for, and exits with 1 if one is not.",
            "Received = stored + duplicate + conflict + dead-lettered; the committed offsets of the stream are complete; "
                    + "each batch's stored events are in the table; the hourly rollups add up to them."
        })
class ConservationCommand implements ServiceCommand {

    @Option(names = "--from", paramLabel = "TIME", description = "Batches committed from here on (default: all).")
    Optional<Instant> from;

    @Option(names = "--to", paramLabel = "TIME", description = "Batches committed before this (default: all).")
    Optional<Instant> to;

    @Inject
    ConservationCheck check;

    @Override
    public void validate() {
        TimeRangeOptions.check(from, to);
    }

    @Override
    public int run(PrintWriter out) {
        ConservationCheck.Conservation found = check.run(from, to);
        out.printf(
                "%d batches: %d received, %d stored, %d duplicate, %d conflict, %d dead-lettered%n%n",
                found.batches(),
                found.received(),
                found.stored(),
                found.duplicates(),
                found.conflicts(),
                found.deadLettered());
        out.printf("%-28s %15s %15s %10s  %s%n", "CHECK", "EXPECTED", "FOUND", "GAP", "FIRST");
        for (ConservationCheck.Comparison comparison : found.comparisons()) {
            out.printf(
                    "%-28s %15d %15d %10d  %s%n",
                    comparison.name(),
                    comparison.expected(),
                    comparison.found(),
                    comparison.gap(),
                    comparison.firstGap().orElse("-"));
        }
        return found.gap() == 0 ? 0 : 1;
    }
}

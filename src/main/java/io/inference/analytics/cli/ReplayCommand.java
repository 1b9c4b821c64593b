package io.inference.analytics.cli;

import io.inference.analytics.ingest.StreamReplay;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code replay}. */
@Dependent
@Command(
        name = "replay",
        description = {
            "Reads the stream again up to where the server has committed, and stores what is missing (transport stream).",
            "Stored events count as duplicates; what cannot be stored becomes a dead letter once more."
        })
class ReplayCommand implements ServiceCommand {

    @ArgGroup(multiplicity = "1")
    Start start;

    static final class Start {
        @Option(names = "--from-offset", paramLabel = "N", description = "The first offset to read.")
        Optional<Long> fromOffset;

        @Option(
                names = "--from-time",
                paramLabel = "TIME",
                description = "Reads what was published from this time on, and a little before it.")
        Optional<Instant> fromTime;
    }

    @Inject
    StreamReplay replay;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DATABASE, Need.BROKER);
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        StreamReplay.Report report = start.fromOffset.isPresent()
                ? replay.fromOffset(start.fromOffset.get())
                : replay.fromTime(start.fromTime.orElseThrow());
        out.printf(
                "offsets %d to %d, %d batches: %d received, %d stored, %d duplicate, %d conflict, %d dead-lettered%n",
                report.firstOffset(),
                report.lastOffset(),
                report.batches(),
                report.received(),
                report.stored(),
                report.duplicates(),
                report.conflicts(),
                report.deadLettered());
        return 0;
    }
}

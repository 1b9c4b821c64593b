package io.inference.analytics.cli;

import io.inference.analytics.ingest.StreamReplay;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
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
            "What is stored already counts as duplicate; what can not be stored becomes a dead letter once more."
        })
class ReplayCommand implements ServiceCommand {

    @ArgGroup(multiplicity = "1")
    Start start;

    static final class Start {
        @Option(names = "--from-offset", paramLabel = "N", description = "The first offset to read.")
        Long offset;

        @Option(
                names = "--from-time",
                paramLabel = "TIME",
                description = "Reads what was published from here on, and a little before.")
        Instant time;
    }

    @Inject
    StreamReplay replay;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DATABASE, Need.BROKER);
    }

    @Override
    public void validate() {
        if (start.offset != null && start.offset < 0) {
            throw new Failure.Invalid("--from-offset", "--from-offset: %d (expected: >= 0)".formatted(start.offset));
        }
    }

    @Override
    public int run(PrintWriter out) throws Exception {
        StreamReplay.Report report =
                start.offset == null ? replay.fromTime(start.time) : replay.fromOffset(start.offset);
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

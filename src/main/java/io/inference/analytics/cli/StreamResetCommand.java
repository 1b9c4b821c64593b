package io.inference.analytics.cli;

import io.inference.analytics.ingest.StreamDesk;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.Set;
import picocli.CommandLine.Command;

/** {@code stream reset}. */
@Dependent
@Command(
        name = "reset",
        description = {
            "Accepts the stream as it is now: the service reads it from its first message on, and makes it if it is missing.",
            "What is stored already counts as duplicate. Refused while a replica reads, and for the stream that was read before."
        })
class StreamResetCommand implements ServiceCommand {

    @Inject
    StreamDesk desk;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DATABASE, Need.BROKER);
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        desk.reset().forEach(stream -> out.printf("stream %s is accepted%n", stream));
        out.println("start the service");
        return 0;
    }
}

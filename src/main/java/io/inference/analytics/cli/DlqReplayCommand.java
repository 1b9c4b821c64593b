package io.inference.analytics.cli;

import io.inference.analytics.ingest.DeadLetterDesk;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dlq replay}. */
@Dependent
@Command(
        name = "replay",
        description = {
            "Publishes the payload of dead letters again, oldest first, and then takes them from the queue.",
            "What still can not be stored comes back as a new letter. If it is interrupted, a letter may be published "
                    + "twice: its events are stored once."
        })
class DlqReplayCommand implements ServiceCommand {

    @Mixin
    DlqSelection selection = new DlqSelection();

    @Inject
    DeadLetterDesk desk;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.BROKER);
    }

    @Override
    public void validate() {
        selection.validate();
    }

    @Override
    public int run(PrintWriter out) throws Exception {
        out.printf("letters replayed: %d%n", desk.replay(selection.reason(), selection.limit()));
        return 0;
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.ingest.DeadLetterDesk;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dlq list}. */
@Dependent
@Command(name = "list", description = "Prints dead letters, oldest first, tab-separated; they stay where they are.")
class DlqListCommand implements ServiceCommand {

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
        List<DeadLetterDesk.Letter> letters = desk.list(selection.reason(), selection.limit());
        out.println("REASON\tFIRST_SEEN\tBYTES\tDETAIL\tPAYLOAD");
        for (DeadLetterDesk.Letter letter : letters) {
            out.printf(
                    "%s\t%s\t%d\t%s\t%s%n",
                    letter.reason(), letter.firstSeen(), letter.payloadBytes(), letter.detail(), letter.payloadHead());
        }
        return 0;
    }
}

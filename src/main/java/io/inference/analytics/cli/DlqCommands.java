package io.inference.analytics.cli;

import io.inference.analytics.event.RejectReason;
import io.inference.analytics.ingest.DeadLetterDesk;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dlq …}. */
@Command(
        name = "dlq",
        description = "Shows what could not be stored (queue analytics.usage.v1.dlq). Needs RABBITMQ_URL alone.",
        subcommands = {DlqCommands.ListLetters.class, DlqCommands.Replay.class})
final class DlqCommands {

    /** Which dead letters a command is about. */
    static final class Selection {

        /** The listed letters are all in memory, some 500 bytes each. */
        private static final int LIMIT_MAX = 100_000;

        @Option(
                names = "--reason",
                paramLabel = "CODE",
                description = "Only letters of this reason, such as malformed_json or delivery_limit.")
        Optional<RejectReason> reason;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "1000",
                description = "The maximum number of letters, 1 to 100000 (default: ${DEFAULT-VALUE}).")
        int limit;

        Optional<String> code() {
            return reason.map(RejectReason::wireName);
        }

        void validate() {
            if (limit < 1 || limit > LIMIT_MAX) {
                throw new Failure.Invalid("limit", "limit: %d (expected: 1 to %d)".formatted(limit, LIMIT_MAX));
            }
        }
    }

    /** What both commands share. */
    abstract static class OfLetters implements ServiceCommand {

        @Mixin
        Selection selection;

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
    }

    @Dependent
    @Command(name = "list", description = "Prints dead letters, oldest first, tab-separated; they stay in the queue.")
    static class ListLetters extends OfLetters {

        @Override
        public int run(PrintWriter out) {
            List<DeadLetterDesk.Letter> letters = desk.list(selection.code(), selection.limit);
            out.println("REASON\tFIRST_SEEN\tBYTES\tDETAIL\tPAYLOAD");
            for (DeadLetterDesk.Letter letter : letters) {
                out.printf(
                        "%s\t%s\t%d\t%s\t%s%n",
                        letter.reason(),
                        letter.firstSeen(),
                        letter.payloadBytes(),
                        letter.detail(),
                        letter.payloadHead());
            }
            return 0;
        }
    }

    @Dependent
    @Command(
            name = "replay",
            description = {
                "Publishes the payload of dead letters again, oldest first, and then removes them from the queue.",
                "A payload that still cannot be stored comes back as a new letter. An interrupted replay may "
                        + "publish a letter twice: its events are stored once."
            })
    static class Replay extends OfLetters {

        @Override
        public int run(PrintWriter out) {
            out.printf("letters replayed: %d%n", desk.replay(selection.code(), selection.limit));
            return 0;
        }
    }
}

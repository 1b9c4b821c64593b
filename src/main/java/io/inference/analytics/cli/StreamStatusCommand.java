package io.inference.analytics.cli;

import io.inference.analytics.ingest.StreamDesk;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Set;
import picocli.CommandLine.Command;

/** {@code stream status}. */
@Dependent
@Command(
        name = "status",
        description = {
            "Compares the stream at the broker with the position in the database, and changes nothing; each partition of a super stream.",
            "Exits with 1 if it is not the stream that was read before, or if it lost messages before they were read."
        })
class StreamStatusCommand implements ServiceCommand {

    @Inject
    StreamDesk desk;

    @Override
    public Set<Need> needs() {
        return Set.of(Need.DATABASE, Need.BROKER);
    }

    @Override
    public int run(PrintWriter out) throws InterruptedException {
        boolean good = true;
        for (StreamDesk.Status status : desk.status()) {
            print(out, status);
            good &= status.difference().isEmpty() && status.lost() == 0;
        }
        return good ? 0 : 1;
    }

    private static void print(PrintWriter out, StreamDesk.Status status) {
        line(out, "stream", status.name());
        line(out, "messages", number(status.messages(), "none, the stream does not exist"));
        line(out, "first offset", number(status.first(), "-"));
        line(out, "end", number(status.end(), "-"));
        line(out, "position", Long.toString(status.position()));
        line(out, "base of the books", Long.toString(status.base()));
        line(out, "read by", status.holder().orElse("-"));
        line(out, "until", status.leasedUntil().map(Instant::toString).orElse("-"));
        line(out, "lost messages", Long.toString(status.lost()));
        line(out, "difference", status.difference().orElse("none"));
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf("%-18s %s%n", name, value);
    }

    private static String number(OptionalLong value, String without) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : without;
    }
}

package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Reads those partitions of the super stream whose turn this replica has, each with a reader and a pipeline of its own. */
final class PartitionsReader implements TransportReader {

    private final PartitionElection election;
    private final List<StreamReader> readers;

    PartitionsReader(PartitionElection election, List<StreamReader> readers) {
        this.election = election;
        this.readers = List.copyOf(readers);
    }

    @Override
    public void start() {
        readers.forEach(StreamReader::start);
        election.start();
    }

    /** The readers first: they give their leases back before the broker chooses another replica. */
    @Override
    public void stop() {
        List<Thread> stops = new ArrayList<>();
        for (StreamReader reader : readers) {
            Thread stop = new Thread(reader::stop, "ingest-partition-stop");
            stop.start();
            stops.add(stop);
        }
        try {
            for (Thread stop : stops) {
                stop.join();
            }
            election.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws InterruptedException {
        for (StreamReader reader : readers) {
            reader.close();
        }
    }

    /** Reads when it reads a partition; the backlog and the age are those of all that it reads. */
    @Override
    public BrokerView view() {
        List<BrokerView> views = readers.stream().map(StreamReader::view).toList();
        return new BrokerView(
                views.stream().anyMatch(BrokerView::reads),
                Stream.concat(
                                Stream.ofNullable(election.reachableAt()),
                                times(views.stream().map(BrokerView::reachableAt)))
                        .max(Instant::compareTo)
                        .orElse(null),
                times(views.stream().map(BrokerView::oldestUncommittedAt))
                        .min(Instant::compareTo)
                        .orElse(null),
                views.stream().mapToLong(BrokerView::backlogMessages).sum());
    }

    private static Stream<Instant> times(Stream<Instant> some) {
        return some.filter(Objects::nonNull);
    }
}

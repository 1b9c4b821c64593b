package io.inference.analytics.ingest;

import io.inference.analytics.ingest.TransportReader.BrokerView;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/** Reads a queue or stream that is no longer configured to its end, through a pipeline of its own. */
final class LeftoverDrain {

    private static final Logger LOG = Logger.getLogger(LeftoverDrain.class);

    /** Looks in a row that must find nothing, because neither side counts messages that are on their way to us. */
    private static final int CALM_LOOKS = 3;

    private final Outlet outlet;
    private final long messages;
    private final IngestPipeline pipeline;
    private final BrokerTopology topology;
    private final TransportReader reader;
    private final AtomicReference<String> refusal = new AtomicReference<>();
    private final long startedNanos = System.nanoTime();
    private int calm;

    /**
     * @param messages how many it held when it was found
     * @param preparation is run before each session: while it waits or fails, an old replica may have bound the outlet again
     */
    LeftoverDrain(
            Outlet outlet,
            long messages,
            IngestPipeline pipeline,
            BrokerTopology topology,
            ReaderWithLeftovers.Factory readers,
            BrokerTopology.Preparation preparation) {
        this.outlet = outlet;
        this.messages = messages;
        this.pipeline = pipeline;
        this.topology = topology;
        // A leftover that cannot be read must not end a process that reads its own transport well.
        this.reader = readers.of(outlet, pipeline, preparation, refusal::set);
    }

    void start() {
        LOG.infof("event=leftovers_found name=%s", outlet.name());
        pipeline.start();
        reader.start();
    }

    long messages() {
        return messages;
    }

    BrokerView view() {
        return reader.view();
    }

    long runsForNanos() {
        return System.nanoTime() - startedNanos;
    }

    /** Whether everything is read, or it can never be; to be asked again and again. */
    boolean isDone() throws IOException, TimeoutException {
        Optional<String> refused = Optional.ofNullable(refusal.get());
        if (refused.isPresent()) {
            LOG.errorf("event=leftovers_refused name=%s reason=\"%s\"", outlet.name(), refused.get());
            return true;
        }
        calm = isCaughtUp() ? calm + 1 : 0;
        if (calm < CALM_LOOKS) {
            return false;
        }
        LOG.infof("event=leftovers_drained name=%s", outlet.name());
        return true;
    }

    private boolean isCaughtUp() throws IOException, TimeoutException {
        BrokerView view = reader.view();
        if (!view.reads() || view.backlogMessages() > 0 || view.oldestUncommittedAt() != null) {
            return false;
        }
        return switch (outlet.transport()) {
            case QUEUE -> topology.messages(outlet.name()).orElse(0) == 0;
            case STREAM -> true;
        };
    }

    /** The writers finish what they are committing. */
    void end() throws InterruptedException {
        reader.stop();
        pipeline.stop();
        reader.close();
    }
}

package io.inference.analytics.ingest;

import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.StreamException;
import io.inference.analytics.platform.Failure;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The stream and the position in it, for operators: shows them, and accepts another stream. */
@ApplicationScoped
public class StreamDesk {

    /**
     * What is known of the stream; offsets are the broker's.
     *
     * @param messages how many the broker keeps; empty when there is no stream
     * @param first the first offset that is still there; empty when unknown
     * @param end the offset that the next message will get; empty when unknown
     * @param position the first offset that is not committed
     * @param base what to add to an offset for the one in our books
     * @param holder the replica that reads, if one does
     * @param lost messages that the stream ever dropped before they were read
     * @param difference why it is not the stream that was read before; empty when it is
     */
    public record Status(
            String name,
            OptionalLong messages,
            OptionalLong first,
            OptionalLong end,
            long position,
            long base,
            Optional<String> holder,
            Optional<Instant> leasedUntil,
            long lost,
            Optional<String> difference) {}

    private static final Duration RETRY_AFTER = Duration.ofSeconds(10);

    private final StreamPosition position;
    private final BrokerTopology topology;
    private final BrokerSettings broker;
    private final IngestConfig config;
    private final LostMessages lost;

    StreamDesk(
            StreamPosition position,
            BrokerTopology topology,
            BrokerSettings broker,
            IngestConfig config,
            LostMessages lost) {
        this.position = position;
        this.topology = topology;
        this.broker = broker;
        this.config = config;
        this.lost = lost;
    }

    /** Compares the stream with the position and changes nothing. */
    public Status status() throws InterruptedException {
        StreamPosition.Holding holding = position.holding();
        StreamPlace place = holding.place();
        OptionalLong messages = OptionalLong.empty();
        Optional<StreamCheck.Extent> extent = Optional.empty();
        Optional<String> difference = Optional.empty();
        try {
            messages = topology.messages(IngestConfig.Transport.STREAM);
            if (messages.isPresent()) {
                extent = Optional.of(look(place));
            } else if (place.hasBegun()) {
                throw OtherStream.missing(place);
            }
        } catch (OtherStream e) {
            difference = Optional.of(e.getMessage());
        } catch (IOException | TimeoutException | StreamException e) {
            throw new Failure.Unavailable(
                    "RABBITMQ_URL, RABBITMQ_STREAM_PORT: the stream %s cannot be read: %s"
                            .formatted(BrokerTopology.STREAM, e.getMessage()),
                    RETRY_AFTER,
                    e);
        }
        return new Status(
                BrokerTopology.STREAM,
                messages,
                extent.map(found -> OptionalLong.of(found.first())).orElse(OptionalLong.empty()),
                extent.map(found -> OptionalLong.of(found.end())).orElse(OptionalLong.empty()),
                place.firstAtBroker(),
                place.base(),
                holding.holder(),
                holding.leasedUntil(),
                lost.count(),
                difference);
    }

    /**
     * Makes the present stream, or the one that the service makes at its next start, the one to be read, from its first message on.
     *
     * @throws Failure.Conflict when it is the stream that was read before, or a replica reads it
     */
    public void reset() throws InterruptedException {
        Status status = status();
        if (status.difference().isEmpty()) {
            throw new Failure.Conflict("stream %s is the one that was read before, so there is nothing to reset"
                    .formatted(BrokerTopology.STREAM));
        }
        if (!position.reset()) {
            throw new Failure.Conflict("a replica holds the lease of stream %s (expected: none; stop the service first)"
                    .formatted(BrokerTopology.STREAM));
        }
    }

    private StreamCheck.Extent look(StreamPlace place) throws IOException, TimeoutException, InterruptedException {
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = StreamReader.environment(broker, config, loops)) {
            return new StreamCheck(topology).check(new StreamProbe(environment), place);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
        }
    }
}

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The stream, or the partitions of the super stream, and the positions in them, for operators: shows them, and accepts others. */
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

    /** Compares each stream with its position and changes nothing. */
    public List<Status> status() throws InterruptedException {
        List<Status> all = new ArrayList<>();
        for (StreamId stream : StreamId.configured(config).toList()) {
            all.add(status(position.in(stream)));
        }
        return all;
    }

    private Status status(StreamPosition at) throws InterruptedException {
        StreamId stream = at.stream();
        StreamPosition.Holding holding = at.holding();
        StreamPlace place = holding.place();
        OptionalLong messages = OptionalLong.empty();
        Optional<StreamCheck.Extent> extent = Optional.empty();
        Optional<String> difference = Optional.empty();
        try {
            messages = topology.messages(stream.name());
            if (messages.isPresent()) {
                extent = Optional.of(look(stream, place));
            } else if (place.hasBegun()) {
                throw OtherStream.missing(stream, place);
            }
        } catch (OtherStream e) {
            difference = Optional.of(e.getMessage());
        } catch (IOException | TimeoutException | StreamException e) {
            throw new Failure.Unavailable(
                    "RABBITMQ_URL, RABBITMQ_STREAM_PORT: the stream %s cannot be read: %s"
                            .formatted(stream.name(), e.getMessage()),
                    RETRY_AFTER,
                    e);
        }
        return new Status(
                stream.name(),
                messages,
                extent.map(found -> OptionalLong.of(found.first())).orElse(OptionalLong.empty()),
                extent.map(found -> OptionalLong.of(found.end())).orElse(OptionalLong.empty()),
                place.firstAtBroker(),
                place.base(),
                holding.holder(),
                holding.leasedUntil(),
                lost.count(stream),
                difference);
    }

    /**
     * Makes the present stream, or the one that the service makes at its next start, the one to be read, from its first message on.
     * Of a super stream, that concerns the partitions that are not those that were read before.
     *
     * @return the names of the streams that are accepted
     * @throws Failure.Conflict when all are those that were read before, or a replica reads one of the others; then
     *     nothing was changed
     */
    public List<String> reset() throws InterruptedException {
        List<StreamId> others = new ArrayList<>();
        for (StreamId stream : StreamId.configured(config).toList()) {
            if (status(position.in(stream)).difference().isPresent()) {
                others.add(stream);
            }
        }
        if (others.isEmpty()) {
            throw new Failure.Conflict("stream %s is the one that was read before, so there is nothing to reset"
                    .formatted(BrokerTopology.STREAM));
        }
        position.reset(others);
        return others.stream().map(StreamId::name).toList();
    }

    private StreamCheck.Extent look(StreamId stream, StreamPlace place)
            throws IOException, TimeoutException, InterruptedException {
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Environment environment = StreamReader.environment(broker, config, loops)) {
            return new StreamCheck(topology).check(new StreamProbe(environment, stream), place);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
        }
    }
}

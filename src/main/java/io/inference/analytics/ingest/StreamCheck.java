package io.inference.analytics.ingest;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/**
 * Whether the stream at the broker is the one that the position is in.
 *
 * <p>A stream that was deleted and made again, has lost its end, or was swapped shows itself in one of two ways. It ends before the
 * position; or at the offset of a message that was committed it has none, or one that the broker took at another time. When
 * retention has removed that message, nothing is left to compare: everything from the stream's first message on is unread either
 * way.
 */
final class StreamCheck {

    private static final Logger LOG = Logger.getLogger(StreamCheck.class);

    /** How long to wait, each time, before a stream counts as one that ends before the position. */
    private static final List<Duration> DOUBTS =
            List.of(Duration.ofMillis(500), Duration.ofSeconds(2), Duration.ofSeconds(5));

    /** What is in the stream, by the broker's offsets; both are 0 for an empty one. */
    record Extent(long first, long end) {}

    private final BrokerTopology topology;

    StreamCheck(BrokerTopology topology) {
        this.topology = topology;
    }

    /**
     * Compares the stream with the place, before anything is read.
     *
     * @throws OtherStream when it is another one
     * @throws IOException when the broker is too slow to say
     */
    Extent check(StreamProbe probe, StreamPlace place) throws IOException, TimeoutException, InterruptedException {
        long end = endNotBefore(probe, place);
        if (end == 0) {
            // By the broker's own count: a stream that sends nothing may be slow and not empty.
            if (topology.messages(probe.stream().name()).orElse(0) > 0) {
                throw new IOException("the end of stream %s did not come in time"
                        .formatted(probe.stream().name()));
            }
            return new Extent(0, 0);
        }
        long first = probe.first().offset();
        if (place.furthest().isPresent()) {
            compare(probe, place.furthest().get(), place.base(), first);
        }
        return new Extent(first, end);
    }

    private static void compare(StreamProbe probe, StreamPlace.Mark mark, long base, long first)
            throws IOException, InterruptedException {
        long offset = mark.offset() - base;
        if (first > offset) {
            LOG.infof("event=stream_not_compared mark=%d first=%d", offset, first);
            return;
        }
        StreamProbe.Seen found = probe.from(offset);
        if (found.offset() != offset) {
            throw OtherStream.lacks(probe.stream(), offset);
        }
        if (!found.publishedAt().equals(mark.publishedAt())) {
            throw OtherStream.differsAt(probe.stream(), offset, found.publishedAt(), mark.publishedAt());
        }
    }

    /** A broker that answers late looks like an empty stream, so an early end counts only after further, longer looks. */
    private long endNotBefore(StreamProbe probe, StreamPlace place)
            throws IOException, TimeoutException, InterruptedException {
        long end = probe.end();
        for (Duration silence : DOUBTS) {
            if (end >= place.endAtLeast()) {
                return end;
            }
            LOG.infof("event=stream_end_doubted next_offset=%d end=%d", place.endAtLeast(), end);
            end = Math.max(end, probe.end(silence));
        }
        if (end >= place.endAtLeast()) {
            return end;
        }
        // Throws where the broker does not answer, or has not opened the stream yet.
        throw topology.messages(probe.stream().name()).isPresent()
                ? OtherStream.endsBefore(probe.stream(), place, end)
                : OtherStream.missing(probe.stream(), place);
    }
}

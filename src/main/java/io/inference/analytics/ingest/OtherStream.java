package io.inference.analytics.ingest;

import java.io.Serial;
import java.time.Instant;

/** The stream at the broker is not the one that the position is in. Nothing of it is read until an operator accepts it. */
final class OtherStream extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private static final String NEXT_STEP =
            " (expected: the stream that was read before; see docs/runbooks/other-stream.md, and run: analytics stream status)";

    private OtherStream(String difference) {
        super(difference + NEXT_STEP);
    }

    static OtherStream missing(StreamId stream, StreamPlace place) {
        return new OtherStream(
                "stream %s is missing, and was read up to offset %d".formatted(stream.name(), place.firstAtBroker()));
    }

    static OtherStream endsBefore(StreamId stream, StreamPlace place, long end) {
        return new OtherStream(
                "stored offset %d of stream %s lies beyond its end %d: it was made again, or has lost its end"
                        .formatted(place.endAtLeast(), stream.name(), end));
    }

    static OtherStream differsAt(StreamId stream, long offset, Instant found, Instant expected) {
        return new OtherStream(
                "stream %s has another message at offset %d: the broker took it at %s, and the one that was read at %s"
                        .formatted(stream.name(), offset, found, expected));
    }

    static OtherStream lacks(StreamId stream, long offset) {
        return new OtherStream(
                "stream %s has no message at offset %d, where one was read".formatted(stream.name(), offset));
    }
}

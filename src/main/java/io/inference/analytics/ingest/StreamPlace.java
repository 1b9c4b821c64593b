package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A place in the stream, and which stream that is.
 *
 * <p>Our books count offsets on when a stream is replaced by another one. So an offset of the books is the broker's offset plus
 * {@code base}.
 *
 * @param nextOffset the first offset of the books that is not committed; empty before the first commit
 * @param base the offset of the books that is offset 0 of the present stream
 * @param mark a committed message by which the stream is recognised; empty when none is known
 * @param ahead what single lanes have committed beyond that
 */
record StreamPlace(OptionalLong nextOffset, long base, Optional<Mark> mark, List<LaneMark> ahead) {

    /** A message by its offset in the books, and when the broker took it. */
    record Mark(long offset, Instant publishedAt) {}

    StreamPlace {
        ahead = List.copyOf(ahead);
    }

    /** The first offset of the books to read. */
    long firstToRead() {
        return nextOffset.orElse(base);
    }

    /** The same as the broker counts. */
    long firstAtBroker() {
        return firstToRead() - base;
    }

    /** The last message of which anything is committed, by whichever lane. */
    Optional<Mark> furthest() {
        return Stream.concat(mark.stream(), ahead.stream().map(LaneMark::last))
                .max(Comparator.comparingLong(Mark::offset));
    }

    /** Where the stream ends at the earliest, as the broker counts: behind everything that is committed. */
    long endAtLeast() {
        return ahead.stream().mapToLong(mark -> mark.last().offset() + 1).reduce(firstToRead(), Math::max) - base;
    }

    /** Whether a message that the broker took then or later may be below the position, as far as its clock is right. */
    boolean holdsSince(Instant time) {
        return firstAtBroker() > 0
                && mark.map(last -> last.publishedAt().toEpochMilli() >= time.toEpochMilli())
                        .orElse(true);
    }

    /** Whether a message of the present stream was committed; if none was, the stream may still have to be made. */
    boolean hasBegun() {
        return endAtLeast() > 0;
    }
}

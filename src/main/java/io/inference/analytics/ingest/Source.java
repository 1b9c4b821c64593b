package io.inference.analytics.ingest;

import java.util.ArrayList;
import java.util.List;

/**
 * What a generation reads from; offsets mean nothing on transport queue. Everything that changes with a generation stands in
 * here, so that a writer that is late with an older generation's batch cannot use the newer one's lease or place.
 */
final class Source {

    /** The broker writes single entries of its own; a longer gap means that messages are missing. */
    static final int HOUSEKEEPING_MAX = 100;

    /** Offsets that held no message for us, both ends inclusive. */
    record Skip(long first, long last, StreamPosition.SkipCause cause) {}

    private final long generation;
    private final long epoch;
    private final List<LaneMark> ahead;
    private final OpenMessages open;
    private volatile long firstAvailable;
    private volatile long nextOffset;
    private volatile long lastOffered;

    Source(long generation, long epoch, long firstToRead, long firstAvailable) {
        this(generation, epoch, firstToRead, firstAvailable, List.of(), false);
    }

    /**
     * @param ahead what is committed beyond the first offset to read
     * @param moves whether a position moves over what is committed
     */
    Source(long generation, long epoch, long firstToRead, long firstAvailable, List<LaneMark> ahead, boolean moves) {
        this.generation = generation;
        this.epoch = epoch;
        this.firstAvailable = firstAvailable;
        this.nextOffset = firstToRead;
        this.lastOffered = firstToRead - 1;
        this.ahead = ahead;
        this.open = new OpenMessages(moves, HOUSEKEEPING_MAX);
    }

    long generation() {
        return generation;
    }

    /** The fencing number of the lease. */
    long epoch() {
        return epoch;
    }

    OpenMessages open() {
        return open;
    }

    /** What was committed of the message before this generation began. */
    LaneSplitter.Done of(long offset) {
        return new LaneSplitter.Done() {
            @Override
            public boolean isCommitted(int slot) {
                return Source.this.isCommitted(slot, offset);
            }

            @Override
            public boolean isOfOlderRule(int slot) {
                return ahead.stream().anyMatch(mark -> mark.ofOlderRule() && mark.covers(slot, offset));
            }
        };
    }

    /** Whether that part of the message was committed before this generation began. */
    boolean isCommitted(int slot, long offset) {
        return ahead.stream().anyMatch(mark -> mark.covers(slot, offset));
    }

    /** @return whether it comes after everything that was offered before; the client may resume a little too early */
    boolean isNew(long offset) {
        if (offset <= lastOffered) {
            return false;
        }
        lastOffered = offset;
        return true;
    }

    /** The position that the next batch that moves it must find. */
    long expectedOffset() {
        return nextOffset;
    }

    /** Messages before the given end that are not committed. */
    long uncommittedBefore(long end) {
        return Math.max(0, end - nextOffset - open.closedMessages());
    }

    /** After a commit. */
    void advanced(long next) {
        nextOffset = next;
    }

    /** The stream begins here by now: retention has removed what was before. */
    void begins(long first) {
        firstAvailable = first;
    }

    /** The causes of the gap between the position and the first message read after it. */
    List<Skip> skipsBefore(long first) {
        List<Skip> skips = new ArrayList<>();
        long from = nextOffset;
        long available = Math.min(firstAvailable, first);
        if (from < available) {
            skips.add(new Skip(from, available - 1, StreamPosition.SkipCause.RETENTION));
            from = available;
        }
        if (from < first) {
            skips.add(new Skip(
                    from,
                    first - 1,
                    first - from > HOUSEKEEPING_MAX
                            ? StreamPosition.SkipCause.RETENTION
                            : StreamPosition.SkipCause.BROKER_HOUSEKEEPING));
        }
        return skips;
    }
}

package io.inference.analytics.ingest;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The messages of one generation that are not committed in all of their lanes, in the order of the stream, and the ranges between
 * them that are.
 *
 * <p>Lanes commit in any order, but the position moves over whole messages, in order. {@link #carry} reserves that move for one
 * batch at a time: everything at the front that is committed once this batch is. So the ranges that batches record never overlap,
 * whatever the lanes do.
 *
 * <p>A lane that does not get on may be left behind: what waits in it is dropped, and read again later. Until then the position
 * ends before it. Later messages are not kept here; other lanes commit them, and leave their marks.
 *
 * <p>Bound: neighbours that are committed become one entry, so there are at most twice as many entries as open messages.
 */
final class OpenMessages {

    /** A message, or several neighbours that are committed. */
    static final class Entry {
        private final RawMessage.Settlement settlement;
        private final boolean afterGap;
        private final boolean linked;
        private final long first;
        private StreamPlace.Mark last;
        private int messages = 1;
        private int openShares;
        private boolean leftBehind;
        private Object closing;
        private Entry before;
        private Entry after;

        private Entry(RawMessage message, int shares, boolean afterGap, boolean linked) {
            this.settlement = message.settlement();
            this.first = message.offset();
            this.last = new StreamPlace.Mark(message.offset(), message.publishedAt());
            this.openShares = shares;
            this.afterGap = afterGap;
            this.linked = linked;
        }

        private boolean isClosed() {
            return openShares == 0 && !leftBehind;
        }
    }

    /** Messages over which the position moves, with both ends. */
    record Range(long first, StreamPlace.Mark last, int messages) {}

    private final boolean ordered;
    private final int gapMin;
    private Entry head;
    private Entry tail;
    private boolean carrying;
    private long carriedLast = RawMessage.NO_OFFSET;
    private long closedMessages;
    private boolean lanesLeftBehind;

    /**
     * @param ordered whether a position moves over them; else a committed message is forgotten at once
     * @param gapMin offsets missing between two messages from which on they are never in one range
     */
    OpenMessages(boolean ordered, int gapMin) {
        this.ordered = ordered;
        this.gapMin = gapMin;
    }

    /** Whether a position moves over the messages. */
    boolean isOrdered() {
        return ordered;
    }

    /** Adds a message behind all others; one without shares is committed already. */
    synchronized Entry add(RawMessage message, int shares) {
        return add(message, shares, false);
    }

    /**
     * Adds a message behind all others.
     *
     * @param leftBehind whether there are further shares, of lanes that are left behind
     */
    synchronized Entry add(RawMessage message, int shares, boolean leftBehind) {
        boolean linked = !lanesLeftBehind;
        boolean gap = linked && ordered && tail != null && message.offset() - tail.last.offset() > gapMin;
        Entry entry = new Entry(message, shares, gap, linked);
        entry.leftBehind = leftBehind;
        if (linked) {
            append(entry);
        }
        if (entry.isClosed()) {
            closed(entry);
        }
        return entry;
    }

    private void append(Entry entry) {
        entry.before = tail;
        if (tail == null) {
            head = entry;
        } else {
            tail.after = entry;
        }
        tail = entry;
    }

    /**
     * Gives up what waits in a lane. The position does not move over it, whatever else is committed.
     *
     * @return what to tell the transport of messages of which nothing else is open
     */
    synchronized List<RawMessage.Settlement> leaveBehind(List<Share> dropped) {
        List<RawMessage.Settlement> settled = new ArrayList<>(dropped.size());
        for (Share share : dropped) {
            Entry entry = share.entry();
            entry.leftBehind = true;
            entry.openShares--;
            if (entry.openShares == 0) {
                settled.add(entry.settlement);
            }
        }
        lanesLeftBehind |= !dropped.isEmpty();
        return settled;
    }

    /**
     * Reserves the move of the position for the batch; {@link #committed} or {@link #failed} must follow.
     *
     * @return what is committed at the front once the given shares are; empty when that is nothing, or another batch moves it
     */
    synchronized Optional<Range> carry(List<Share> batch) {
        if (!ordered || carrying || head == null) {
            return Optional.empty();
        }
        batch.forEach(share -> share.entry().closing = batch);
        Entry last = null;
        int messages = 0;
        for (Entry next = head; next != null && isClosedWith(next, batch); next = next.after) {
            if (next.afterGap && next != head) {
                break;
            }
            last = next;
            messages += next.messages;
        }
        if (last == null) {
            return Optional.empty();
        }
        carrying = true;
        carriedLast = last.last.offset();
        return Optional.of(new Range(head.first, last.last, messages));
    }

    private static boolean isClosedWith(Entry entry, List<Share> batch) {
        return entry.isClosed() || entry.openShares == 1 && !entry.leftBehind && entry.closing == batch;
    }

    /** Whether the position could move without any further commit. */
    synchronized boolean mayMove() {
        return ordered && !carrying && head != null && head.isClosed();
    }

    /** @return what to tell the transport of messages that are now committed in all of their lanes */
    synchronized List<RawMessage.Settlement> committed(List<Share> batch, Optional<Range> carried) {
        List<RawMessage.Settlement> settled = new ArrayList<>(batch.size());
        for (Share share : batch) {
            Entry entry = share.entry();
            entry.closing = null;
            entry.openShares--;
            if (entry.openShares == 0) {
                settled.add(entry.settlement);
                if (entry.isClosed()) {
                    closed(entry);
                }
            }
        }
        carried.ifPresent(range -> {
            endCarry();
            while (head != null && head.last.offset() <= range.last().offset()) {
                closedMessages -= head.messages;
                unlink(head);
            }
        });
        return settled;
    }

    /** The reserved move did not happen. */
    synchronized void failed(Optional<Range> carried) {
        if (carried.isPresent()) {
            endCarry();
        }
    }

    private void endCarry() {
        carrying = false;
        carriedLast = RawMessage.NO_OFFSET;
    }

    /** When the oldest message was published that is not committed in all of its lanes. */
    synchronized Optional<Instant> oldestPublishedAt() {
        Entry entry = head;
        while (entry != null && entry.isClosed()) {
            entry = entry.after;
        }
        return Optional.ofNullable(entry).map(open -> open.last.publishedAt());
    }

    /** Messages that are committed, and over which the position has not moved yet. */
    synchronized long closedMessages() {
        return closedMessages;
    }

    /** Joins the entry with its neighbours, but not across the end of a reserved move. */
    private void closed(Entry entry) {
        if (!ordered) {
            unlink(entry);
            return;
        }
        closedMessages += entry.messages;
        if (!entry.linked) {
            return;
        }
        if (entry.after != null) {
            join(entry, entry.after);
        }
        if (entry.before != null) {
            join(entry.before, entry);
        }
    }

    private void join(Entry one, Entry next) {
        if (one.isClosed() && next.isClosed() && !next.afterGap && one.last.offset() != carriedLast) {
            one.last = next.last;
            one.messages += next.messages;
            unlink(next);
        }
    }

    private void unlink(Entry entry) {
        if (entry.before == null) {
            head = entry.after;
        } else {
            entry.before.after = entry.after;
        }
        if (entry.after == null) {
            tail = entry.before;
        } else {
            entry.after.before = entry.before;
        }
    }
}

package io.inference.analytics.ingest;

import com.rabbitmq.stream.ConsumerFlowStrategy;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives the broker credit for as many chunks as have come, several at once, as long as what is not yet committed stays under the
 * bounds. Above them the credit waits for commits. Chunks hold from one to thousands of messages, so counting chunks alone
 * would either starve the writers or overfill the heap. A steady trickle comes in chunks of one message; a frame of credit for
 * each of them would cost the broker and us as much as the message.
 *
 * <p>Bound: {@code messagesMax} messages or {@code bytesMax} bytes, and the chunks under way when it is reached.
 */
final class StreamCredit implements ConsumerFlowStrategy {

    static final int CHUNKS_UNDER_WAY = 10;

    /** Less than what is under way, so that chunks keep coming while the credit travels. */
    static final int AT_ONCE = CHUNKS_UNDER_WAY / 2;

    private final int chunksUnderWay;
    private final int atOnce;
    private final long messagesMax;
    private final long bytesMax;
    private final List<Context> owed = new ArrayList<>();
    private long messages;
    private long bytes;

    StreamCredit(long messagesMax, long bytesMax) {
        this(messagesMax, bytesMax, 1);
    }

    /** A part of the bounds, for one of several streams that are read at the same time. */
    StreamCredit(long messagesMax, long bytesMax, int streams) {
        this.chunksUnderWay = Math.max(1, CHUNKS_UNDER_WAY / streams);
        this.atOnce = Math.max(1, AT_ONCE / streams);
        this.messagesMax = messagesMax / streams;
        this.bytesMax = bytesMax / streams;
    }

    /** Called for each subscription, also after a lost connection; credit owed to the one before is void. */
    @Override
    public synchronized int initialCredits() {
        owed.clear();
        return chunksUnderWay;
    }

    @Override
    public synchronized MessageProcessedCallback start(Context context) {
        owed.add(context);
        giveWhatIsOwed();
        // Counted by bytes and not through the client, see received and committed.
        return message -> {};
    }

    /** We hold a message of that many bytes. */
    synchronized void received(int messageBytes) {
        messages++;
        bytes += messageBytes;
    }

    /** A message of that many bytes is committed, or was dropped. */
    synchronized void committed(int messageBytes) {
        messages--;
        bytes -= messageBytes;
        giveWhatIsOwed();
    }

    private void giveWhatIsOwed() {
        if (owed.size() >= atOnce && messages < messagesMax && bytes < bytesMax) {
            owed.get(owed.size() - 1).credits(owed.size());
            owed.clear();
        }
    }
}

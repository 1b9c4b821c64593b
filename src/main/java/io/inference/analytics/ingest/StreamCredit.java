package io.inference.analytics.ingest;

import com.rabbitmq.stream.ConsumerFlowStrategy;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Gives the broker credit for one more chunk with each chunk that comes, as long as what is not yet committed stays under the
 * bounds; above them the credit waits for commits. Chunks hold from one to thousands of messages, so counting chunks alone
 * would either starve the writers or drown the heap.
 *
 * <p>Bound: {@code messagesMax} messages or {@code bytesMax} bytes, and the chunks under way when it is reached.
 */
final class StreamCredit implements ConsumerFlowStrategy {

    private static final int CHUNKS_UNDER_WAY = 4;

    private final long messagesMax;
    private final long bytesMax;
    private final Queue<Context> owed = new ArrayDeque<>();
    private long messages;
    private long bytes;

    StreamCredit(long messagesMax, long bytesMax) {
        this.messagesMax = messagesMax;
        this.bytesMax = bytesMax;
    }

    @Override
    public int initialCredits() {
        return CHUNKS_UNDER_WAY;
    }

    @Override
    public synchronized MessageProcessedCallback start(Context context) {
        if (hasRoom()) {
            context.credits(1);
        } else {
            owed.add(context);
        }
        // Settled by bytes, not through the client: see received and committed.
        return message -> {};
    }

    /** A message of that many bytes is in our hands. */
    synchronized void received(int messageBytes) {
        messages++;
        bytes += messageBytes;
    }

    /** A message of that many bytes is committed, or was dropped. */
    synchronized void committed(int messageBytes) {
        messages--;
        bytes -= messageBytes;
        while (hasRoom() && !owed.isEmpty()) {
            owed.remove().credits(1);
        }
    }

    private boolean hasRoom() {
        return messages < messagesMax && bytes < bytesMax;
    }
}

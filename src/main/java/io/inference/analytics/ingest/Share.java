package io.inference.analytics.ingest;

import io.inference.analytics.ingest.PreparedBatch.Candidate;
import io.inference.analytics.ingest.PreparedBatch.DeadLetter;
import java.util.List;

/**
 * What one lane has to store of one message.
 *
 * @param head whether it is the message's first share; batches without offsets count the message there
 * @param whole whether the message has no other share
 */
record Share(
        OpenMessages.Entry entry,
        RawMessage message,
        int lane,
        boolean head,
        boolean whole,
        List<Candidate> accepted,
        List<DeadLetter> deadLetters) {

    /** How many events it holds; an empty message counts too, so that batches are bounded. */
    int weight() {
        return Math.max(1, accepted.size() + deadLetters.size());
    }

    /** What it keeps in memory at most: other lanes may hold the same message. */
    int bytes() {
        return message.body().length;
    }
}

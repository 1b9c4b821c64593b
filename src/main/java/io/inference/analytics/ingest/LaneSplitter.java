package io.inference.analytics.ingest;

import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.Decoded.Accepted;
import io.inference.analytics.event.Decoded.Rejected;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.ingest.PreparedBatch.Candidate;
import io.inference.analytics.ingest.PreparedBatch.DeadLetter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/**
 * Decodes the messages in their order and hands each lane what it has to store of them.
 *
 * <p>An event goes to the lane of its organisation. What cannot be stored of a message goes with its first event; a message
 * without any event goes to the lane of {@link Lanes#SLOT_WITHOUT_ORG}. What was committed before, ahead of the position, is
 * left out.
 *
 * <p>The thread outlives every error: a message that cannot be decoded becomes a dead letter.
 */
final class LaneSplitter implements Runnable {

    private static final Logger LOG = Logger.getLogger(LaneSplitter.class);

    /** Enough to be worth waking for; few enough that lanes start while the next ones are decoded. */
    private static final int MESSAGES = 250;

    /** An error of our own that passes by itself has passed by then. */
    private static final int ATTEMPTS = 3;

    /** Part of INGESTION_BATCH_TIMEOUT that may be spent here. */
    private static final int TIMEOUT_SHARE = 10;

    private final IngestPipeline pipeline;
    private final Lanes lanes;
    private final LaneQueues queues;
    private final UsageEventCodec codec;
    private final Clock clock;
    private volatile Instant lastProgressAt;
    private volatile Instant oldestInHand;

    LaneSplitter(IngestPipeline pipeline, Lanes lanes, LaneQueues queues, UsageEventCodec codec, Clock clock) {
        this.pipeline = pipeline;
        this.lanes = lanes;
        this.queues = queues;
        this.codec = codec;
        this.clock = clock;
        this.lastProgressAt = clock.instant();
    }

    boolean progressedAfter(Instant limit) {
        return lastProgressAt.isAfter(limit);
    }

    /** When the first message in hand was published; empty when idle. */
    Optional<Instant> oldestInHand() {
        return Optional.ofNullable(oldestInHand);
    }

    @Override
    public void run() {
        Duration timeout = pipeline.config().batchTimeout().dividedBy(TIMEOUT_SHARE);
        try {
            while (!pipeline.buffer().isClosed()) {
                lastProgressAt = clock.instant();
                Optional<MessageBuffer.Batch> batch =
                        queues.awaitRoom() ? pipeline.buffer().take(MESSAGES, MESSAGES, timeout) : Optional.empty();
                if (batch.isPresent()) {
                    split(batch.get());
                    oldestInHand = null;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void split(MessageBuffer.Batch batch) {
        oldestInHand = batch.messages().get(0).publishedAt();
        Optional<Source> source = pipeline.source(batch.generation());
        if (source.isEmpty()) {
            return;
        }
        List<Share> shares = new ArrayList<>(batch.messages().size());
        for (RawMessage message : batch.messages()) {
            shares.addAll(shares(source.get(), message));
        }
        queues.offer(batch.generation(), shares);
        if (source.get().open().mayMove()) {
            // No batch of these messages may follow that would move the position.
            queues.offerMove(batch.generation());
        }
    }

    /** What lanes have to store of a message. */
    private record Parts(List<Candidate> accepted, List<DeadLetter> deadLetters) {
        Parts() {
            this(new ArrayList<>(1), new ArrayList<>(0));
        }
    }

    private List<Share> shares(Source source, RawMessage message) {
        Map<Integer, Parts> byLane = new TreeMap<>();
        int firstSlot = -1;
        List<DeadLetter> deadLetters = new ArrayList<>(0);
        for (Decoded decoded : decode(message)) {
            if (decoded instanceof Rejected rejected) {
                deadLetters.add(new DeadLetter(rejected.reason(), rejected.detail(), rejected.payload()));
            } else {
                Accepted accepted = (Accepted) decoded;
                int slot = Lanes.slotOf(accepted.event().orgId());
                firstSlot = firstSlot < 0 ? slot : firstSlot;
                if (!source.isCommitted(slot, message.offset())) {
                    byLane.computeIfAbsent(lanes.ofSlot(slot), lane -> new Parts())
                            .accepted()
                            .add(new Candidate(accepted.event(), accepted.payload()));
                }
            }
        }
        int restSlot = firstSlot < 0 ? Lanes.SLOT_WITHOUT_ORG : firstSlot;
        if ((firstSlot < 0 || !deadLetters.isEmpty()) && !source.isCommitted(restSlot, message.offset())) {
            byLane.computeIfAbsent(lanes.ofSlot(restSlot), lane -> new Parts())
                    .deadLetters()
                    .addAll(deadLetters);
        }
        OpenMessages.Entry entry = source.open().add(message, byLane.size());
        List<Share> shares = new ArrayList<>(byLane.size());
        boolean whole = byLane.size() == 1;
        byLane.forEach((lane, parts) -> shares.add(
                new Share(entry, message, lane, shares.isEmpty(), whole, parts.accepted(), parts.deadLetters())));
        if (shares.isEmpty()) {
            pipeline.settle(List.of(message.settlement()));
        }
        return shares;
    }

    private List<Decoded> decode(RawMessage message) {
        for (int attempt = 1; ; attempt++) {
            try {
                return codec.decode(message.body(), clock.instant());
            } catch (RuntimeException | Error e) {
                pipeline.attemptFailed(lanes.ofSlot(Lanes.SLOT_WITHOUT_ORG));
                LOG.errorf(e, "event=message_not_decoded offset=%d attempt=%d", message.offset(), attempt);
                if (attempt == ATTEMPTS) {
                    return List.of(new Rejected(
                            RejectReason.STORAGE_REJECTED, e.getClass().getSimpleName(), message.body()));
                }
            }
        }
    }
}

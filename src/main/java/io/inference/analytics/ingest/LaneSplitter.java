package io.inference.analytics.ingest;

import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.Decoded.Accepted;
import io.inference.analytics.event.Decoded.Rejected;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.ingest.PreparedBatch.Candidate;
import io.inference.analytics.ingest.PreparedBatch.DeadLetter;
import io.inference.analytics.platform.BackOff;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jboss.logging.Logger;

/**
 * Decodes the messages in their order and hands each lane what it has to store of them.
 *
 * <p>An event goes to the lane of its organisation, also one that is refused for its time alone: when the message is read again,
 * another time decides, and the lane must be the same. What else cannot be stored of a message goes with its first event; a message
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

    /** What passes by itself, like a failover, mostly has by then. A batch that waits for a lock fails after 30 s. */
    private static final Duration FAILING_LANE_PATIENCE = Duration.ofSeconds(5);

    /** A batch of late events for a distant database takes long, and reading it again takes longer. */
    private static final Duration SILENT_LANE_PATIENCE = Duration.ofSeconds(60);

    private static final Duration RETRY_DELAY_MIN = Duration.ofMillis(100);

    private final IngestPipeline pipeline;
    private final Lanes lanes;
    private final LaneQueues queues;
    private final EventDecoder decoder;
    private final Clock clock;
    private volatile Instant lastProgressAt;
    private volatile Instant oldestInHand;

    LaneSplitter(IngestPipeline pipeline, Lanes lanes, LaneQueues queues, EventDecoder decoder, Clock clock) {
        this.pipeline = pipeline;
        this.lanes = lanes;
        this.queues = queues;
        this.decoder = decoder;
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
                decoder.readClock();
                Optional<MessageBuffer.Batch> batch =
                        queues.awaitRoom() ? pipeline.buffer().take(MESSAGES, MESSAGES, timeout) : Optional.empty();
                if (batch.isPresent()) {
                    split(batch.get());
                    oldestInHand = null;
                } else {
                    leaveBehind();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nothing more comes in: a lane that does not get on may hold all that may wait here. */
    private void leaveBehind() {
        long generation = pipeline.buffer().generation();
        Optional<Source> source = pipeline.source(generation);
        if (source.isEmpty() || !source.get().open().isOrdered()) {
            return;
        }
        queues.leaveBehind(generation, FAILING_LANE_PATIENCE, SILENT_LANE_PATIENCE)
                .ifPresent(left -> {
                    LOG.warnf(
                            "event=lane_left_behind lane=%d from_offset=%d messages=%d",
                            left.lane(),
                            left.shares().get(0).message().offset(),
                            left.shares().size());
                    pipeline.settle(source.get().open().leaveBehind(left.shares()));
                });
    }

    private void split(MessageBuffer.Batch batch) throws InterruptedException {
        oldestInHand = batch.messages().get(0).publishedAt();
        Optional<Source> source = pipeline.source(batch.generation());
        if (source.isEmpty()) {
            return;
        }
        List<Share> shares = new ArrayList<>(batch.messages().size());
        for (RawMessage message : batch.messages()) {
            shares.addAll(shares(batch.generation(), source.get(), message));
        }
        queues.offer(batch.generation(), shares);
        if (source.get().open().mayMove()) {
            // No batch of these messages may follow that would move the position.
            queues.offerMove(batch.generation());
        }
    }

    /** What lanes have to store of a message. */
    record Parts(List<Candidate> accepted, List<DeadLetter> deadLetters) {
        Parts() {
            this(new ArrayList<>(1), new ArrayList<>(0));
        }
    }

    private List<Share> shares(long generation, Source source, RawMessage message) throws InterruptedException {
        Map<Integer, Parts> byLane = byLane(lanes, decode(message), source.of(message.offset()));
        boolean leftBehind = byLane.keySet().removeIf(lane -> queues.isLeftBehind(generation, lane));
        OpenMessages.Entry entry = source.open().add(message, byLane.size(), leftBehind);
        List<Share> shares = new ArrayList<>(byLane.size());
        boolean whole = byLane.size() == 1;
        byLane.forEach((lane, parts) -> shares.add(
                new Share(entry, message, lane, shares.isEmpty(), whole, parts.accepted(), parts.deadLetters())));
        if (shares.isEmpty()) {
            pipeline.settle(List.of(message.settlement()));
        }
        return shares;
    }

    /** What is committed of a message, by slot. */
    interface Done {

        boolean isCommitted(int slot);

        /** Whether a version before may have set that mark, which kept every letter with the first event that it accepted. */
        boolean isOfOlderRule(int slot);

        /** The slot of the lane that has yet to store a letter; empty if none has. Rather twice than never. */
        private OptionalInt forLetter(int slot, int olderSlot) {
            if (!isCommitted(slot)) {
                return OptionalInt.of(slot);
            }
            return isOfOlderRule(slot) && !isCommitted(olderSlot) ? OptionalInt.of(olderSlot) : OptionalInt.empty();
        }
    }

    /** Divides a message among the lanes. */
    static Map<Integer, Parts> byLane(Lanes lanes, List<Decoded> message, Done done) {
        Map<Integer, Parts> byLane = new TreeMap<>();
        IntFunction<Parts> ofSlot = slot -> byLane.computeIfAbsent(lanes.ofSlot(slot), lane -> new Parts());
        int firstSlot = -1;
        int olderSlot = olderSlot(message);
        List<DeadLetter> rest = new ArrayList<>(0);
        for (Decoded decoded : message) {
            Optional<UUID> org = org(decoded);
            if (org.isEmpty()) {
                rest.add(letter((Rejected) decoded));
                continue;
            }
            int slot = Lanes.slotOf(org.get());
            firstSlot = firstSlot < 0 ? slot : firstSlot;
            if (decoded instanceof Rejected rejected) {
                done.forLetter(slot, olderSlot)
                        .ifPresent(open -> ofSlot.apply(open).deadLetters().add(letter(rejected)));
            } else if (!done.isCommitted(slot)) {
                Accepted accepted = (Accepted) decoded;
                ofSlot.apply(slot).accepted().add(new Candidate(accepted.event(), accepted.payload()));
            }
        }
        if (firstSlot < 0 || !rest.isEmpty()) {
            done.forLetter(firstSlot < 0 ? Lanes.SLOT_WITHOUT_ORG : firstSlot, olderSlot)
                    .ifPresent(open -> ofSlot.apply(open).deadLetters().addAll(rest));
        }
        return byLane;
    }

    /** With what the version before stored everything that it refused. */
    private static int olderSlot(List<Decoded> message) {
        for (Decoded decoded : message) {
            if (decoded instanceof Accepted accepted) {
                return Lanes.slotOf(accepted.event().orgId());
            }
        }
        return Lanes.SLOT_WITHOUT_ORG;
    }

    private static Optional<UUID> org(Decoded decoded) {
        return decoded instanceof Rejected rejected
                ? rejected.orgId()
                : Optional.of(((Accepted) decoded).event().orgId());
    }

    private static DeadLetter letter(Rejected rejected) {
        return new DeadLetter(rejected.reason(), rejected.detail(), rejected.payload());
    }

    private List<Decoded> decode(RawMessage message) throws InterruptedException {
        BackOff backOff = new BackOff(RETRY_DELAY_MIN, pipeline.config().retryDelayMax());
        for (int attempt = 1; ; ) {
            try {
                return decoder.decode(message.body());
            } catch (SQLException e) {
                // Without the database nothing can be stored either.
                pipeline.attemptFailed(lanes.ofSlot(Lanes.SLOT_WITHOUT_ORG));
                LOG.warnf("event=time_in_doubt offset=%d cause=%s", message.offset(), e.getMessage());
                if (pipeline.buffer().isClosed()) {
                    throw new InterruptedException("closed");
                }
                lastProgressAt = clock.instant();
                backOff.pause();
            } catch (RuntimeException | Error e) {
                pipeline.attemptFailed(lanes.ofSlot(Lanes.SLOT_WITHOUT_ORG));
                LOG.errorf(e, "event=message_not_decoded offset=%d attempt=%d", message.offset(), attempt);
                if (attempt == ATTEMPTS) {
                    return List.of(new Rejected(
                            RejectReason.STORAGE_REJECTED, e.getClass().getSimpleName(), message.body()));
                }
                attempt++;
            }
        }
    }
}

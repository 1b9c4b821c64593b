package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LanesTest {

    private static final Duration LONG = Duration.ofMinutes(1);
    private static final int MOST = 1_000;
    private static final long BYTES = 1_000_000;

    private final OpenMessages open = new OpenMessages(true, 100);
    private final List<Long> settled = new ArrayList<>();

    private RawMessage message(long offset) {
        return message(offset, 0);
    }

    private RawMessage message(long offset, int bytes) {
        return new RawMessage(
                new byte[bytes], offset, Instant.EPOCH.plusSeconds(offset), "", "", () -> settled.add(offset));
    }

    /** A message with one share in each of the lanes. */
    private List<Share> offered(long offset, int... lanes) {
        return offered(message(offset), lanes);
    }

    private List<Share> offered(RawMessage message, int... lanes) {
        OpenMessages.Entry entry = open.add(message, lanes.length);
        return IntStream.range(0, lanes.length)
                .mapToObj(i -> new Share(entry, message, lanes[i], i == 0, lanes.length == 1, List.of(), List.of()))
                .toList();
    }

    private Optional<OpenMessages.Range> commit(List<Share> batch) {
        Optional<OpenMessages.Range> carried = open.carry(batch);
        open.committed(batch, carried).forEach(RawMessage.Settlement::committed);
        return carried;
    }

    private static OpenMessages.Range range(long first, long last, int messages) {
        return new OpenMessages.Range(first, new StreamPlace.Mark(last, Instant.EPOCH.plusSeconds(last)), messages);
    }

    @Test
    void theSlotOfAnOrganisationNeverChanges() {
        assertThat(Lanes.slotOf(UUID.fromString("00000000-0000-4000-8000-00000000c0de")))
                .isEqualTo(Lanes.slotOf(UUID.fromString("00000000-0000-4000-8000-00000000C0DE")))
                .isEqualTo(39);
        assertThat(Lanes.slotOf(new UUID(0, 0))).isZero();
        assertThat(Lanes.slotOf(new UUID(1, 2))).isEqualTo(6);
    }

    @Test
    void organisationsAreSpreadEvenly() {
        for (boolean random : new boolean[] {true, false}) {
            int[] perLane = new int[4];
            for (int i = 0; i < 4_000; i++) {
                UUID org = random
                        ? UUID.nameUUIDFromBytes(("org " + i).getBytes(StandardCharsets.UTF_8))
                        : new UUID(0x4000, i);
                perLane[new Lanes(4).ofSlot(Lanes.slotOf(org))]++;
            }
            assertThat(IntStream.of(perLane).boxed())
                    .as("random ids: " + random)
                    .allMatch(count -> count > 850 && count < 1_150);
        }
    }

    @Test
    void theNumberOfLanesIsBounded() {
        assertThatThrownBy(() -> new Lanes(0)).hasMessage("INGESTION_LANES: 0 (expected: 1 to 64)");
        assertThatThrownBy(() -> new Lanes(65)).hasMessage("INGESTION_LANES: 65 (expected: 1 to 64)");
    }

    @Test
    void aMarkCoversItsLaneUpToItsMessageWhateverTheNumberOfLanesIsNow() {
        LaneMark mark = new LaneMark(4, 1, new StreamPlace.Mark(20, Instant.EPOCH));
        assertThat(mark.covers(5, 20)).isTrue();
        assertThat(mark.covers(5, 21)).isFalse();
        assertThat(mark.covers(6, 20)).isFalse();
        StreamPlace place = new StreamPlace(OptionalLong.of(10), 3, Optional.empty(), List.of(mark));
        assertThat(place.firstAtBroker()).isEqualTo(7);
        assertThat(place.endAtLeast())
                .as("a stream that ends earlier is another one")
                .isEqualTo(18);
    }

    @Test
    void withOneLaneEachBatchMovesThePositionOverItsOwnMessages() {
        List<Share> one = new ArrayList<>(offered(10, 0));
        one.addAll(offered(11, 0));
        List<Share> next = offered(12, 0);
        assertThat(commit(one)).contains(range(10, 11, 2));
        assertThat(commit(next)).contains(range(12, 12, 1));
        assertThat(settled).containsExactly(10L, 11L, 12L);
    }

    @Test
    void thePositionWaitsForTheSlowestLane() {
        List<Share> slow = offered(10, 0);
        List<Share> quick = new ArrayList<>(offered(11, 1));
        quick.addAll(offered(12, 1));
        assertThat(commit(quick)).isEmpty();
        assertThat(settled).as("its own messages wait for nothing").containsExactly(11L, 12L);
        assertThat(open.oldestPublishedAt()).contains(Instant.EPOCH.plusSeconds(10));
        assertThat(open.closedMessages()).isEqualTo(2);
        assertThat(commit(slow)).contains(range(10, 12, 3));
        assertThat(open.closedMessages()).isZero();
        assertThat(open.oldestPublishedAt()).isEmpty();
    }

    @Test
    void aMessageOfSeveralLanesIsSettledByTheLast() {
        List<Share> both = offered(10, 0, 1);
        assertThat(commit(both.subList(0, 1))).isEmpty();
        assertThat(settled).isEmpty();
        assertThat(commit(both.subList(1, 2))).contains(range(10, 10, 1));
        assertThat(settled).containsExactly(10L);
    }

    @Test
    void oneBatchAtATimeMovesThePositionAndWhatItMissedFollows() {
        List<Share> first = offered(10, 0);
        List<Share> second = offered(11, 1);
        Optional<OpenMessages.Range> carried = open.carry(first);
        assertThat(carried).contains(range(10, 10, 1));
        assertThat(commit(second)).as("while the other one is on its way").isEmpty();
        assertThat(open.mayMove()).isFalse();
        open.committed(first, carried);
        assertThat(open.mayMove()).isTrue();
        assertThat(commit(List.of())).contains(range(11, 11, 1));
    }

    @Test
    void aMoveThatFailedIsMadeByTheNextBatch() {
        List<Share> first = offered(10, 0);
        List<Share> second = offered(11, 1);
        open.failed(open.carry(first));
        assertThat(commit(second)).isEmpty();
        assertThat(commit(first)).contains(range(10, 11, 2));
    }

    @Test
    void aRangeNeverHidesMissingMessages() {
        List<Share> slow = offered(10, 0);
        commit(offered(11, 1));
        commit(offered(500, 1));
        assertThat(commit(slow)).contains(range(10, 11, 2));
        assertThat(commit(List.of())).contains(range(500, 500, 1));
    }

    @Test
    void whatNoLaneHasToStoreMovesThePosition() {
        open.add(message(10), 0);
        open.add(message(11), 0);
        assertThat(open.mayMove()).isTrue();
        assertThat(commit(List.of())).contains(range(10, 11, 2));
        assertThat(open.mayMove()).isFalse();
    }

    @Test
    void aBatchIsHalvedDownToOneDeadLetter() {
        List<Share> shares =
                IntStream.range(0, 3).mapToObj(i -> offered(i, 2).get(0)).toList();
        LaneBatch batch = new LaneBatch(7, 2, shares);
        List<LaneBatch> halves = batch.withoutRefused("cause");
        assertThat(halves).extracting(half -> half.shares().size()).containsExactly(1, 2);
        assertThat(halves).allSatisfy(half -> {
            assertThat(half.generation()).isEqualTo(7);
            assertThat(half.lane()).isEqualTo(2);
            assertThat(half.refusal()).isEmpty();
        });
        assertThat(halves.get(0).withoutRefused("cause")).singleElement().satisfies(letter -> {
            assertThat(letter.shares()).isEqualTo(halves.get(0).shares());
            assertThat(letter.refusal()).contains("cause");
        });
    }

    @Test
    void aLaneHasOneBatchAtATimeAndDelaysNoOther() throws Exception {
        LaneQueues queues = new LaneQueues(2, MOST, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        queues.offer(1, offered(2, 0));
        LaneBatch first = queues.take(1, 1, Duration.ZERO).orElseThrow();
        assertThat(first.last().offset()).isEqualTo(1);
        queues.offer(1, offered(3, 1));
        assertThat(queues.take(1, 1, Duration.ZERO).orElseThrow().last().offset())
                .as("lane 0 has a batch on its way")
                .isEqualTo(3);
        assertThat(queues.take(1, 1, Duration.ZERO)).isEmpty();
        queues.release(first);
        assertThat(queues.take(1, 1, Duration.ZERO).orElseThrow().last().offset())
                .isEqualTo(2);
    }

    @Test
    void aLaneIsTakenWhenItHoldsEnoughOrHasWaitedLongEnough() throws Exception {
        LaneQueues queues = new LaneQueues(2, MOST, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        for (int i = 0; i < 95; i++) {
            queues.offer(1, offered(10 + i, 1));
        }
        assertThat(queues.take(10, 40, LONG).orElseThrow().shares()).hasSize(40);
        queues.release(new LaneBatch(1, 1, offered(999, 1)));
        assertThat(queues.take(10, 100, LONG).orElseThrow().shares()).hasSize(55);
        assertThat(queues.take(10, 40, Duration.ofMillis(20)).orElseThrow().shares())
                .hasSize(1);
    }

    @Test
    void aNewGenerationDropsWhatWaits() throws Exception {
        LaneQueues queues = new LaneQueues(2, 2, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        queues.offer(1, offered(2, 0));
        assertThat(queues.awaitRoom()).isFalse();
        queues.restart(2);
        assertThat(queues.awaitRoom()).isTrue();
        queues.offer(1, offered(3, 0));
        assertThat(queues.take(1, 1, Duration.ZERO)).isEmpty();
    }

    @Test
    void aLaneThatDoesNotGetOnIsLeftBehindAndReadAgainWhenItDoes() throws Exception {
        LaneQueues queues = new LaneQueues(2, 8, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        LaneBatch stuck = queues.take(1, 1, Duration.ZERO).orElseThrow();
        List<Share> later = offered(2, 0);
        queues.offer(1, later);
        assertThat(queues.leaveBehind(1, Duration.ZERO, LONG))
                .as("it may only be slow")
                .isEmpty();
        queues.attemptFailed(stuck);
        assertThat(queues.leaveBehind(1, LONG, Duration.ZERO)).as("it may pass").isEmpty();
        assertThat(queues.leaveBehind(1, Duration.ZERO, LONG)).hasValueSatisfying(left -> {
            assertThat(left.lane()).isZero();
            assertThat(left.shares()).isEqualTo(later);
        });
        assertThat(queues.isLeftBehind(1, 0)).isTrue();
        assertThat(queues.isLeftBehind(1, 1)).isFalse();
        assertThat(queues.isToBeReadAgain()).isFalse();
        queues.release(stuck);
        assertThat(queues.isToBeReadAgain()).isTrue();
        queues.restart(2);
        assertThat(queues.isLeftBehind(2, 0)).isFalse();
        assertThat(queues.isToBeReadAgain()).isFalse();
    }

    @Test
    void aLaneThatWasNotHeardOfForLongIsLeftBehindWithoutAFailedAttempt() throws Exception {
        LaneQueues queues = new LaneQueues(2, 8, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        assertThat(queues.take(1, 1, Duration.ZERO)).isPresent();
        queues.offer(1, offered(2, 0));
        assertThat(queues.leaveBehind(1, LONG, Duration.ZERO)).isPresent();
    }

    @Test
    void aFailedAttemptCountsForItsBatchAlone() throws Exception {
        LaneQueues queues = new LaneQueues(2, 8, BYTES);
        queues.restart(1);
        queues.offer(1, offered(1, 0));
        LaneBatch failing = queues.take(1, 1, Duration.ZERO).orElseThrow();
        queues.attemptFailed(failing);
        queues.release(failing);
        queues.offer(1, offered(2, 0));
        assertThat(queues.take(1, 1, Duration.ZERO)).isPresent();
        queues.offer(1, offered(3, 0));
        queues.attemptFailed(new LaneBatch(0, 0, failing.shares()));
        queues.attemptFailed(failing.withoutShares());
        assertThat(queues.leaveBehind(1, Duration.ZERO, LONG)).isEmpty();
    }

    @Test
    void aNewGenerationIsNotLeftBehindForTheOneBefore() throws Exception {
        LaneQueues queues = new LaneQueues(2, 8, BYTES);
        queues.restart(2);
        queues.offer(2, offered(1, 0));
        assertThat(queues.take(1, 1, Duration.ZERO)).isPresent();
        queues.offer(2, offered(2, 0));
        assertThat(queues.leaveBehind(1, Duration.ZERO, Duration.ZERO)).isEmpty();
        assertThat(queues.isLeftBehind(2, 0)).isFalse();
        assertThat(queues.leaveBehind(2, Duration.ZERO, Duration.ZERO)).isPresent();
        assertThat(queues.isLeftBehind(1, 0)).isFalse();
    }

    @Test
    void aLaneOfFewLargeMessagesIsLeftBehindBeforeItHoldsAllBytes() throws Exception {
        LaneQueues queues = new LaneQueues(2, MOST, BYTES);
        queues.restart(1);
        for (int i = 0; i < 12; i++) {
            queues.offer(1, offered(message(i, 50_000), 0));
        }
        LaneBatch stuck = queues.take(1, MOST, Duration.ZERO).orElseThrow();
        assertThat(stuck.shares()).as("a quarter of the bytes").hasSize(5);
        assertThat(queues.leaveBehind(1, Duration.ZERO, Duration.ZERO))
                .hasValueSatisfying(left -> assertThat(left.shares()).hasSize(7));
        assertThat(queues.leaveBehind(1, Duration.ZERO, Duration.ZERO))
                .as("nothing more waits in it")
                .isEmpty();
    }

    @Test
    void noLaneIsLeftBehindWhenNoOtherGainsByIt() throws Exception {
        LaneQueues queues = new LaneQueues(2, 8, BYTES);
        queues.restart(1);
        for (int lane = 0; lane < 2; lane++) {
            queues.offer(1, offered(1 + lane, lane));
            assertThat(queues.take(1, 1, Duration.ZERO)).isPresent();
            queues.offer(1, offered(3 + lane, lane));
        }
        assertThat(queues.leaveBehind(1, Duration.ZERO, Duration.ZERO)).isEmpty();
    }

    @Test
    void thePositionEndsBeforeWhatIsLeftBehind() {
        List<Share> quick = offered(1, 0);
        List<Share> both = offered(2, 0, 1);
        List<Share> blocked = offered(3, 1);
        open.leaveBehind(List.of(both.get(1), blocked.get(0))).forEach(RawMessage.Settlement::committed);
        assertThat(settled).as("nothing else of it is open").containsExactly(3L);
        List<Share> later = offered(4, 0);
        assertThat(commit(later)).isEmpty();
        assertThat(commit(List.of(both.get(0)))).isEmpty();
        assertThat(commit(quick)).contains(range(1, 1, 1));
        assertThat(settled).containsExactly(3L, 4L, 2L, 1L);
        assertThat(open.mayMove()).isFalse();
        assertThat(open.oldestPublishedAt()).contains(Instant.EPOCH.plusSeconds(2));
        assertThat(open.closedMessages()).as("committed beyond the position").isEqualTo(1);
    }
}

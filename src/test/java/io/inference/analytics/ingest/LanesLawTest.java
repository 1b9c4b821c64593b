package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever lanes commit in whichever order, fail, are left behind, end in the middle, and go on with another number of lanes: every
 * part of every message is committed once, and the ranges cover every message once.
 */
class LanesLawTest {

    private static final int MESSAGES = 400;

    /** The database: what is committed. */
    private final Map<Long, List<Integer>> committedSlots = new HashMap<>();

    private final List<OpenMessages.Range> ranges = new ArrayList<>();
    private List<LaneMark> marks = new ArrayList<>();
    private long position;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void everythingIsCommittedOnceAndRangesCoverEverythingOnce(long seed) {
        Random random = new Random(seed);
        List<List<Integer>> slotsOf = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            TreeSet<Integer> slots = new TreeSet<>();
            for (int j = random.nextInt(4); j >= 0; j--) {
                slots.add(random.nextInt(Lanes.SLOTS));
            }
            slotsOf.add(List.copyOf(slots));
        }
        while (position < MESSAGES) {
            session(random, slotsOf, new Lanes(1 + random.nextInt(Lanes.SLOTS)));
        }
        for (int i = 0; i < MESSAGES; i++) {
            List<Integer> committed = committedSlots.get((long) i);
            committed.sort(Comparator.naturalOrder());
            assertThat(committed).as("message " + i).isEqualTo(slotsOf.get(i));
        }
        long next = 0;
        for (OpenMessages.Range range : ranges) {
            assertThat(range.first()).isEqualTo(next);
            assertThat(range.messages()).isEqualTo(range.last().offset() - range.first() + 1);
            next = range.last().offset() + 1;
        }
        assertThat(next).isEqualTo(MESSAGES);
    }

    /** From a lease to a crash. */
    private void session(Random random, List<List<Integer>> slotsOf, Lanes lanes) {
        marks.removeIf(mark -> mark.last().offset() < position);
        Source source = new Source(1, 1, position, 0, List.copyOf(marks), true);
        Map<Share, List<Integer>> slotsOfShare = new HashMap<>();
        Map<Integer, List<Share>> waiting = new TreeMap<>();
        Set<Integer> leftBehind = new HashSet<>();
        long end = Math.min(MESSAGES, position + 1 + random.nextInt(120));
        long offered = position;
        int steps = random.nextInt(60);
        for (int i = 0; i < steps; i++) {
            for (int more = random.nextInt(30); more > 0 && offered < end; more--) {
                offer(source, lanes, offered, slotsOf.get((int) offered), waiting, slotsOfShare, leftBehind);
                offered++;
            }
            if (random.nextInt(20) == 0 && !waiting.isEmpty()) {
                int lane = List.copyOf(waiting.keySet()).get(random.nextInt(waiting.size()));
                source.open().leaveBehind(waiting.get(lane));
                waiting.get(lane).clear();
                leftBehind.add(lane);
            }
            List<Integer> busy = waiting.entrySet().stream()
                    .filter(lane -> !lane.getValue().isEmpty())
                    .map(Map.Entry::getKey)
                    .toList();
            List<Share> batch = List.of();
            int lane = 0;
            if (!busy.isEmpty() && random.nextInt(5) > 0) {
                lane = busy.get(random.nextInt(busy.size()));
                List<Share> of = waiting.get(lane);
                batch = List.copyOf(of.subList(0, 1 + random.nextInt(of.size())));
            }
            Optional<OpenMessages.Range> carried = source.open().carry(batch);
            if (random.nextInt(6) == 0) {
                source.open().failed(carried);
                continue;
            }
            commit(lanes, lane, batch, carried, slotsOfShare);
            source.open().committed(batch, carried);
            if (!batch.isEmpty()) {
                waiting.get(lane).subList(0, batch.size()).clear();
            }
        }
    }

    private static void offer(
            Source source,
            Lanes lanes,
            long offset,
            List<Integer> slots,
            Map<Integer, List<Share>> waiting,
            Map<Share, List<Integer>> slotsOfShare,
            Set<Integer> leftBehind) {
        RawMessage message = new RawMessage(new byte[0], offset, Instant.EPOCH, "", "", () -> {});
        Map<Integer, List<Integer>> byLane = new TreeMap<>();
        for (int slot : slots) {
            if (!source.isCommitted(slot, offset)) {
                byLane.computeIfAbsent(lanes.ofSlot(slot), lane -> new ArrayList<>())
                        .add(slot);
            }
        }
        boolean behind = byLane.keySet().removeIf(leftBehind::contains);
        OpenMessages.Entry entry = source.open().add(message, byLane.size(), behind);
        byLane.forEach((lane, of) -> {
            Share share = new Share(entry, message, lane, true, true, List.of(), List.of());
            slotsOfShare.put(share, of);
            waiting.computeIfAbsent(lane, key -> new ArrayList<>()).add(share);
        });
    }

    private void commit(
            Lanes lanes,
            int lane,
            List<Share> batch,
            Optional<OpenMessages.Range> carried,
            Map<Share, List<Integer>> slotsOfShare) {
        for (Share share : batch) {
            committedSlots
                    .computeIfAbsent(share.message().offset(), offset -> new ArrayList<>())
                    .addAll(slotsOfShare.get(share));
        }
        carried.ifPresent(range -> {
            ranges.add(range);
            position = range.last().offset() + 1;
        });
        if (batch.isEmpty()) {
            return;
        }
        StreamPlace.Mark last = new LaneBatch(1, lane, batch).last();
        if (carried.map(range -> range.last().offset() < last.offset()).orElse(true)) {
            marks.removeIf(mark -> mark.lanes() == lanes.count() && mark.lane() == lane);
            marks.add(new LaneMark(lanes.count(), lane, last));
        }
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.ingest.PartitionShare.Seen;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartitionShareTest {

    private static final int PARTITIONS = 4;
    private static final List<StreamId> ALL =
            IntStream.range(0, PARTITIONS).mapToObj(StreamId::ofPartition).toList();

    /** Leases as the database keeps them. */
    private final Map<StreamId, String> holders = new HashMap<>();

    private final Map<String, PartitionShare> replicas = new TreeMap<>();
    private final Set<String> alive = new HashSet<>();
    private final Set<String> unableToRead = new HashSet<>();
    private final Set<StreamId> unavailable = new HashSet<>();
    private long nanos;

    @Test
    void oneReplicaReadsAll() {
        join("a");

        seconds(2);

        assertThat(shares()).containsExactly(Map.entry("a", 4));
    }

    @Test
    void replicasThatComeAndGoShareEvenly() {
        join("a");
        seconds(2);
        join("b");
        seconds(60);
        assertThat(shares()).containsExactly(Map.entry("a", 2), Map.entry("b", 2));

        join("c");
        seconds(60);
        assertThat(shares()).containsExactly(Map.entry("a", 2), Map.entry("b", 1), Map.entry("c", 1));

        Map<StreamId, String> before = Map.copyOf(holders);
        seconds(1_000);
        assertThat(holders).as("a replica with its share keeps it").isEqualTo(before);

        die("a");
        seconds(10);
        assertThat(shares()).containsExactly(Map.entry("b", 2), Map.entry("c", 2));
    }

    @Test
    void moreReplicasThanPartitionsStandByAndTakeOver() {
        for (String name : List.of("a", "b", "c", "d", "e", "f")) {
            join(name);
        }
        seconds(120);
        assertThat(shares().values()).containsExactly(1, 1, 1, 1);

        die("a");
        die("b");
        seconds(10);
        assertThat(shares().values()).containsExactly(1, 1, 1, 1);
    }

    /** It still writes that it lives, and tries for no lease: as where its database is away, or it is frozen. */
    @Test
    void whatAReplicaDoesNotTakeAnotherOneTakes() {
        join("a");
        alive.add("b");

        seconds(1 + PartitionShare.GRACE.toSeconds() + 1);

        assertThat(shares()).containsExactly(Map.entry("a", 4));
    }

    /** It gets leases and can read nothing with them. */
    @Test
    void aReplicaThatCannotReadHidesNoPartition() {
        join("a");
        join("b");
        unableToRead.add("b");
        seconds(30);

        int unread = 0;
        for (int second = 0; second < 3_600; second++) {
            seconds(1);
            unread += PARTITIONS - shares().getOrDefault("a", 0);
        }

        assertThat(unread)
                .as("seconds in an hour that partitions waited, of 14,400")
                .isLessThan(900);
    }

    @Test
    void anUnavailablePartitionKeepsNoOtherUnread() {
        unavailable.add(ALL.get(0));
        join("a");
        join("b");

        seconds(60);

        assertThat(holders.keySet()).containsAll(ALL.subList(1, PARTITIONS));
    }

    @Test
    void withoutTheDatabaseNothingIsTriedAndNothingIsKnown() {
        PartitionShare share = new PartitionShare("a", ALL, () -> nanos);
        assertThat(share.begins(ALL.get(0))).isFalse();
        share.look(Optional.of(new Seen(Set.of(ALL.get(0)), Set.of())));
        assertThat(share.isUnread(ALL.get(0))).isFalse();
        assertThat(share.isUnread(ALL.get(1))).isTrue();

        share.look(Optional.empty());

        assertThat(share.isUnread(ALL.get(0))).isTrue();
        assertThat(share.begins(ALL.get(1))).isFalse();
    }

    private void join(String name) {
        replicas.put(name, new PartitionShare(name, ALL, () -> nanos));
        alive.add(name);
    }

    private void die(String name) {
        replicas.remove(name);
        alive.remove(name);
        holders.values().removeIf(name::equals);
    }

    /** Each replica looks at the leases once a second, and its readers act on that. */
    private void seconds(long count) {
        for (long second = 0; second < count; second++) {
            nanos += Duration.ofSeconds(1).toNanos();
            replicas.forEach((name, share) -> {
                Set<String> able = alive.stream()
                        .filter(one ->
                                !replicas.containsKey(one) || replicas.get(one).isAble())
                        .collect(Collectors.toSet());
                share.look(Optional.of(new Seen(heldByOthersThan(name), able)));
                ALL.forEach(partition -> act(name, share, partition));
            });
        }
    }

    private Set<StreamId> heldByOthersThan(String name) {
        return holders.entrySet().stream()
                .filter(lease -> !lease.getValue().equals(name))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private void act(String name, PartitionShare share, StreamId partition) {
        if (name.equals(holders.get(partition))) {
            if (!share.goesOn(partition)) {
                holders.remove(partition);
                share.ended(partition, Optional.of(true));
            }
        } else if (share.begins(partition)) {
            if (holders.containsKey(partition)) {
                share.ended(partition, Optional.empty());
            } else if (unableToRead.contains(name) || unavailable.contains(partition)) {
                share.ended(partition, Optional.of(false));
            } else {
                holders.put(partition, name);
            }
        }
    }

    private Map<String, Integer> shares() {
        return holders.values().stream()
                .collect(Collectors.toMap(holder -> holder, holder -> 1, Integer::sum, TreeMap::new));
    }
}

package io.inference.analytics.ingest;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Which partitions this replica tries to read. Their leases alone decide who reads; this only spreads them.
 *
 * <p>The partitions are divided evenly among the replicas that live. A replica takes free leases up to its share. A lease that stays
 * free for {@link #GRACE} is taken beyond the share, so that no partition waits for a replica that does not come. A replica that has
 * more than its share gives one back at a time, and takes it again when none wanted it.
 */
final class PartitionShare {

    /** How long a free lease is left to the replica whose share it is in. */
    static final Duration GRACE = Duration.ofSeconds(5);

    /** After a lease with which nothing could be read; longer than the grace, so that another replica tries. */
    static final Duration REST = Duration.ofSeconds(8);

    private static final Duration OFFER = Duration.ofSeconds(8);
    private static final Duration NEXT_OFFER = Duration.ofSeconds(5);
    private static final Duration NEXT_OFFER_AFTER_MORE = Duration.ofMinutes(1);
    private static final Duration NEXT_OFFER_AFTER_NONE_WANTED = Duration.ofMinutes(10);

    /** For so long a replica that could read nothing leaves its share to the others. */
    private static final Duration UNABLE = Duration.ofMinutes(2);

    /**
     * What the database says.
     *
     * @param heldElsewhere partitions that another replica has the lease of
     * @param replicas those that live
     */
    record Seen(Set<StreamId> heldElsewhere, Set<String> replicas) {}

    private final String replica;
    private final List<StreamId> partitions;
    private final LongSupplier nanos;

    /** Those that a reader of this replica is at. */
    private final Set<StreamId> taken = new HashSet<>();

    private final Map<StreamId, Long> freeSince = new HashMap<>();
    private final Map<StreamId, Long> restUntil = new HashMap<>();
    private Optional<Seen> seen = Optional.empty();
    private Optional<StreamId> offered = Optional.empty();
    private long offerEnds;
    private long nextOffer;
    private boolean failed;
    private long failedAt;

    PartitionShare(String replica, List<StreamId> partitions, LongSupplier nanos) {
        this.replica = replica;
        this.partitions = List.copyOf(partitions);
        this.nanos = nanos;
        this.nextOffer = nanos.getAsLong();
    }

    /** A look at the database; empty when it did not answer. */
    synchronized void look(Optional<Seen> now) {
        seen = now;
        if (now.isEmpty()) {
            return;
        }
        for (StreamId partition : partitions) {
            if (taken.contains(partition) || now.get().heldElsewhere().contains(partition)) {
                freeSince.remove(partition);
            } else {
                freeSince.putIfAbsent(partition, nanos.getAsLong());
            }
        }
        endOffer(now.get());
        offer();
    }

    private void endOffer(Seen now) {
        if (offered.isEmpty() || taken.contains(offered.get())) {
            return;
        }
        if (now.heldElsewhere().contains(offered.get())) {
            offered = Optional.empty();
            nextOffer = in(NEXT_OFFER);
        } else if (isOver(offerEnds)) {
            offered = Optional.empty();
            nextOffer = in(NEXT_OFFER_AFTER_NONE_WANTED);
        }
    }

    private void offer() {
        if (offered.isEmpty() && taken.size() > share() && isOver(nextOffer)) {
            offered = partitions.stream().filter(taken::contains).reduce((earlier, later) -> later);
            offerEnds = in(OFFER);
        }
    }

    /** Whether to try for the lease now; if so, {@link #ended} must follow. */
    synchronized boolean begins(StreamId partition) {
        boolean mayTry = isUnread(partition)
                && seen.isPresent()
                && !offered.equals(Optional.of(partition))
                && isOver(restUntil.getOrDefault(partition, nanos.getAsLong()))
                && (taken.size() < share() || isFreeForLong(partition));
        if (mayTry) {
            if (taken.size() >= share() && isOver(nextOffer)) {
                nextOffer = in(NEXT_OFFER_AFTER_MORE);
            }
            taken.add(partition);
        }
        return mayTry;
    }

    /** Whether a reader that has the lease keeps it. */
    synchronized boolean goesOn(StreamId partition) {
        return !offered.equals(Optional.of(partition));
    }

    /**
     * A reader is no longer at the partition.
     *
     * @param read whether it could read; empty when it did not get the lease
     */
    synchronized void ended(StreamId partition, Optional<Boolean> read) {
        taken.remove(partition);
        freeSince.put(partition, nanos.getAsLong());
        if (offered.equals(Optional.of(partition))) {
            offerEnds = in(OFFER);
        }
        if (read.isPresent()) {
            failed = !read.get();
            failedAt = nanos.getAsLong();
            if (failed && replicas().size() > 1) {
                restUntil.put(partition, in(REST));
            }
        }
    }

    /** Whether, as far as is known, no replica reads it. */
    synchronized boolean isUnread(StreamId partition) {
        return seen.filter(now -> now.heldElsewhere().contains(partition)).isEmpty();
    }

    /** Whether this replica is to be counted among those that divide the partitions. */
    synchronized boolean isAble() {
        return !failed || nanos.getAsLong() - failedAt > UNABLE.toNanos();
    }

    /** How many partitions this replica reads when all are content. The shares of all replicas together are all partitions. */
    private int share() {
        TreeSet<String> all = replicas();
        int rank = all.headSet(replica).size();
        return partitions.size() / all.size() + (rank < partitions.size() % all.size() ? 1 : 0);
    }

    private TreeSet<String> replicas() {
        TreeSet<String> all = new TreeSet<>(seen.map(Seen::replicas).orElse(Set.of()));
        all.add(replica);
        return all;
    }

    private boolean isFreeForLong(StreamId partition) {
        Long since = freeSince.get(partition);
        return since != null && nanos.getAsLong() - since >= GRACE.toNanos();
    }

    private long in(Duration pause) {
        return nanos.getAsLong() + pause.toNanos();
    }

    private boolean isOver(long at) {
        return nanos.getAsLong() - at >= 0;
    }
}

package io.inference.analytics.ingest;

import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A stream at the broker that the service reads: the one stream, or a partition of the super stream.
 *
 * <p>All of them share one range of offsets in the books: those of partition p begin at (p + 1) · 10^13. A stream has none left for
 * another one after 10^13 messages, which are 21 years at 15,000 per second.
 *
 * @param partition empty for the one stream
 */
record StreamId(OptionalInt partition) {

    /** The stream of a broker without super streams, or of one that needs no partitions. */
    static final StreamId WHOLE = new StreamId(OptionalInt.empty());

    private static final String KEY = "stream";
    private static final long OFFSETS = 10_000_000_000_000L;

    static StreamId ofPartition(int partition) {
        return new StreamId(OptionalInt.of(partition));
    }

    /** The streams that the setting names: the one stream, or as many partitions. */
    static Stream<StreamId> configured(IngestConfig config) {
        int partitions = config.stream().partitions();
        return partitions == 1
                ? Stream.of(WHOLE)
                : IntStream.range(0, partitions).mapToObj(StreamId::ofPartition);
    }

    /** The opposite of {@link #key}. */
    static StreamId ofKey(String key) {
        return key.equals(KEY) ? WHOLE : ofPartition(Integer.parseInt(key.substring(KEY.length() + 1)));
    }

    /** The stream whose messages have such offsets in the books. */
    static StreamId holding(long offset) {
        return offset < OFFSETS ? WHOLE : ofPartition((int) (offset / OFFSETS - 1));
    }

    /** Under which its position stands in the database. */
    String key() {
        return partition.isEmpty() ? KEY : KEY + "-" + partition.getAsInt();
    }

    /** Its name at the broker; a partition's name is the one that the broker's own tools give it. */
    String name() {
        return partition.isEmpty() ? BrokerTopology.STREAM : BrokerTopology.STREAM + "-" + partition.getAsInt();
    }

    /** The first offset that it can have in the books. */
    long firstOffset() {
        return partition.isEmpty() ? 0 : (partition.getAsInt() + 1) * OFFSETS;
    }

    /** The first offset of the books that belongs to another stream. */
    long endOffset() {
        return firstOffset() + OFFSETS;
    }
}

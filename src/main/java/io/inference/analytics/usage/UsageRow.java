package io.inference.analytics.usage;

import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;

/**
 * One point before it is dressed for the wire.
 *
 * @param bucket index into the query's buckets
 * @param group what it is about
 * @param sums the figures
 */
public record UsageRow(int bucket, Group group, UsageSums sums) {

    /**
     * What a point is about; empty where points are not split by that.
     *
     * @param model the model
     * @param client the client; the empty string stands for events without one
     * @param status how the invocations ended
     */
    public record Group(Optional<UUID> model, Optional<String> client, Optional<String> status) {

        // UUID.compareTo is signed and so not the order of their text; texts are ordered by code point, as in the
        // database.
        static final Comparator<Group> ORDER = Comparator.comparing(
                        (Group group) -> group.model.map(UUID::toString).orElse(""))
                .thenComparing(group -> group.client.orElse(""), Group::byCodePoint)
                .thenComparing(group -> group.status.orElse(""));

        private static int byCodePoint(String a, String b) {
            return java.util.Arrays.compare(
                    a.codePoints().toArray(), b.codePoints().toArray());
        }
    }
}

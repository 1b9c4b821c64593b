package io.inference.analytics.series;

import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;

/**
 * What a point is about; empty where points are not split by that.
 *
 * @param org the organisation
 * @param model the model
 * @param client the client; the empty string stands for events without one
 * @param user the user's id; the empty string stands for events without one
 * @param status how the invocations ended
 */
public record SeriesGroup(
        Optional<UUID> org,
        Optional<UUID> model,
        Optional<String> client,
        Optional<String> user,
        Optional<String> status) {

    /** Of points that are not split. */
    public static final SeriesGroup ALL =
            new SeriesGroup(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** The user; empty also for events without one. */
    public Optional<UUID> userId() {
        return user.filter(id -> !id.isEmpty()).map(UUID::fromString);
    }

    // UUID.compareTo is signed and so not the order of their text; texts are ordered by code point, as in the
    // database.
    public static final Comparator<SeriesGroup> ORDER = Comparator.comparing(
                    (SeriesGroup group) -> group.org.map(UUID::toString).orElse(""))
            .thenComparing(group -> group.model.map(UUID::toString).orElse(""))
            .thenComparing(group -> group.client.orElse(""), SeriesGroup::byCodePoint)
            .thenComparing(group -> group.user.orElse(""))
            .thenComparing(group -> group.status.orElse(""));

    private static int byCodePoint(String a, String b) {
        return java.util.Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StreamPlaceTest {

    private static final Instant LAST = Instant.parse("2026-11-29T12:00:00.123Z");

    private static StreamPlace place(long next, Optional<Instant> last) {
        return new StreamPlace(
                OptionalLong.of(next), 100, last.map(at -> new StreamPlace.Mark(next - 1, at)), List.of());
    }

    /** The broker has no chunk of a later time, and sends nothing to a reader that asks for one. */
    @Test
    void aStreamHoldsNothingOfATimeAfterItsLastMessage() {
        StreamPlace quiet = place(120, Optional.of(LAST));
        assertThat(quiet.holdsSince(LAST.minusMillis(1))).isTrue();
        assertThat(quiet.holdsSince(LAST.plusNanos(999)))
                .as("the broker counts milliseconds")
                .isTrue();
        assertThat(quiet.holdsSince(LAST.plusMillis(1))).isFalse();
        assertThat(place(100, Optional.empty()).holdsSince(Instant.EPOCH))
                .as("made again, and not read yet")
                .isFalse();
        assertThat(place(120, Optional.empty()).holdsSince(LAST))
                .as("of an older version")
                .isTrue();
    }
}

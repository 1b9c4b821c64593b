package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.ingest.PreparedBatch.Candidate;
import io.inference.analytics.ingest.PreparedBatch.DeadLetter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntPredicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneSplitterTest {

    private static final Instant FIRST_READ = Instant.parse("2026-11-29T12:00:00Z");
    private static final Instant AT_THE_LIMIT = FIRST_READ
            .atOffset(ZoneOffset.UTC)
            .minus(UsageEventCodec.RAW_RETENTION_DEFAULT)
            .toInstant()
            .plusSeconds(1);
    private static final Instant AHEAD = FIRST_READ.plus(Duration.ofMinutes(6));

    /** Slots 38 and 10 of 64, or so: what matters is that they differ. */
    private static final UUID ONE = new UUID(1, 1);

    private static final UUID OTHER = new UUID(1, 2);

    private final UsageEventCodec codec = new UsageEventCodec();

    /**
     * A message whose lanes were committed in part is read again later, when the time allows other events than before: what is
     * stored then, and what was, are all of its elements once.
     */
    @ParameterizedTest
    @CsvSource({"limit first, 0", "limit first, 1", "limit last, 0", "limit last, 1", "ahead first, 0", "ahead first, 1"
    })
    void everyElementIsKeptOnceWheneverTheMessageIsReadAgain(String order, int committed) {
        String odd = event(ONE, order.startsWith("limit") ? AT_THE_LIMIT : AHEAD);
        String good = event(OTHER, FIRST_READ);
        String bad = "{\"orgId\":7}";
        String body = order.endsWith("first")
                ? "[%s,%s,%s]".formatted(odd, good, bad)
                : "[%s,%s,%s]".formatted(bad, good, odd);
        int slot = Lanes.slotOf(committed == 0 ? ONE : OTHER);
        assertThat(Lanes.slotOf(ONE)).isNotEqualTo(Lanes.slotOf(OTHER));

        List<String> kept = kept(body, FIRST_READ, slot, true);
        kept.addAll(kept(body, FIRST_READ.plus(Duration.ofMinutes(2)), slot, false));

        assertThat(kept).containsExactlyInAnyOrder(odd, good, bad);
    }

    /**
     * A version before kept the letters with the first event that it accepted, or in slot 0. Its mark of the organisation's lane says
     * nothing of them.
     */
    @ParameterizedTest
    @CsvSource({"own, 0", "own older, 1", "both older, 0", "none, 1"})
    void aLetterIsNotLostByMarksOfTheVersionBefore(String committed, int letters) {
        String body = "[%s,%s]".formatted(event(ONE, FIRST_READ.minus(Duration.ofDays(401))), "{\"orgId\":7}");
        int own = Lanes.slotOf(ONE);
        Map<Integer, LaneSplitter.Parts> parts = LaneSplitter.byLane(
                new Lanes(Lanes.SLOTS),
                codec.decode(body.getBytes(StandardCharsets.UTF_8), FIRST_READ),
                done(
                        slot -> slot == own && !committed.equals("none") || committed.startsWith("both"),
                        slot -> committed.endsWith("older")));
        assertThat(parts.values().stream()
                        .mapToInt(part -> part.deadLetters().size())
                        .sum())
                .isEqualTo(2 * letters);
        if (committed.equals("own older")) {
            assertThat(parts.keySet()).containsExactly(Lanes.SLOT_WITHOUT_ORG);
        }
    }

    private static LaneSplitter.Done done(IntPredicate committed, IntPredicate older) {
        return new LaneSplitter.Done() {
            @Override
            public boolean isCommitted(int slot) {
                return committed.test(slot);
            }

            @Override
            public boolean isOfOlderRule(int slot) {
                return older.test(slot);
            }
        };
    }

    /** What the lane of the slot keeps of the message, or all lanes but that one. */
    private List<String> kept(String body, Instant now, int slot, boolean alone) {
        List<String> payloads = new ArrayList<>();
        LaneSplitter.byLane(
                        new Lanes(Lanes.SLOTS),
                        codec.decode(body.getBytes(StandardCharsets.UTF_8), now),
                        done(other -> (other == slot) != alone, other -> false))
                .forEach((lane, parts) -> {
                    parts.accepted().stream()
                            .map(Candidate::payload)
                            .map(String::new)
                            .forEach(payloads::add);
                    parts.deadLetters().stream()
                            .map(DeadLetter::payload)
                            .map(String::new)
                            .forEach(payloads::add);
                });
        return payloads;
    }

    private static String event(UUID org, Instant occurredAt) {
        return new String(
                EventJson.minimal()
                        .with("orgId", '"' + org.toString() + '"')
                        .with("occurredAt", '"' + occurredAt.toString() + '"')
                        .bytes(),
                StandardCharsets.UTF_8);
    }
}

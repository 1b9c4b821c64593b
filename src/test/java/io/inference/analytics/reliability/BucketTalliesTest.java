package io.inference.analytics.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.series.SeriesGroup;
import io.inference.analytics.series.SeriesScope;
import io.inference.analytics.web.QueryParameters;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an answer by many groups may take: a service that it ends answers no other question. */
class BucketTalliesTest {

    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");
    private static final byte[] NONE = {};

    private final BucketTallies tallies = new BucketTallies(
            SeriesScope.parse(
                            QueryParameters.of(
                                    Map.of("start", List.of(START.toString()), "end", List.of("2026-03-02T00:00:00Z"))),
                            START)
                    .orElseThrow(),
            new SpikeRule((ReliabilityConfig.Spike) null));

    private void add(int client, byte[] bins) {
        tallies.add(
                START,
                new SeriesGroup(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("c" + client),
                        Optional.empty(),
                        Optional.empty()),
                Tally.SUCCESS,
                bins,
                NONE);
    }

    /** One event in each of the first bins. */
    private static byte[] bins(int count) {
        ByteBuffer bag = ByteBuffer.allocate(count * Long.BYTES);
        for (int bin = 0; bin < count; bin++) {
            bag.putLong(1L << 12 | bin);
        }
        return bag.array();
    }

    @Test
    void aHundredThousandClientsWithAnEventEachAreAnswered() {
        for (int client = 0; client < BucketTallies.POINTS_MAX; client++) {
            add(client, bins(1));
        }
        assertThat(tallies.points()).hasSize(BucketTallies.POINTS_MAX);
        assertThat(tallies.totals().invocations()).isEqualTo(BucketTallies.POINTS_MAX);
    }

    @Test
    void aGroupWithFewEventsHoldsFewNumbers() {
        Tally tally = new Tally();
        tally.add(Tally.SUCCESS, bins(1), NONE);
        assertThat(tally.size()).isLessThanOrEqualTo(2);
    }

    @Test
    void oneGroupMoreIsRefusedBeforeItsBucketEnds() {
        for (int client = 0; client < BucketTallies.POINTS_MAX; client++) {
            add(client, bins(1));
        }
        assertThatThrownBy(() -> add(BucketTallies.POINTS_MAX, bins(1)))
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("more than 100000 points");
    }

    @Test
    void tooManyBusyGroupsAreRefusedBeforeTheMemoryEnds() {
        assertThatThrownBy(() -> {
                    for (int client = 0; client < BucketTallies.POINTS_MAX; client++) {
                        add(client, bins(200));
                    }
                })
                .isInstanceOf(Failure.Invalid.class)
                .hasMessageContaining("too many busy groups in one bucket");
    }
}

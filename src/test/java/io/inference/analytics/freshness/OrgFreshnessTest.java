package io.inference.analytics.freshness;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.freshness.IngestState.Observation;
import io.inference.analytics.freshness.OrgFreshness.Stored;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrgFreshnessTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private static Observation observed(long secondsAgo, Long reachableSecondsAgo, Long oldestSecondsAgo) {
        return of("stream", true, secondsAgo, reachableSecondsAgo, oldestSecondsAgo);
    }

    private static Observation of(
            String stream, boolean reads, long secondsAgo, Long reachableSecondsAgo, Long oldestSecondsAgo) {
        return new Observation(
                stream,
                reads,
                NOW.minusSeconds(secondsAgo),
                Optional.ofNullable(reachableSecondsAgo).map(NOW::minusSeconds),
                Optional.ofNullable(oldestSecondsAgo).map(NOW::minusSeconds),
                7);
    }

    private static IngestState ingest(Observation... observations) {
        return IngestState.of(List.of(observations), Optional.empty(), NOW);
    }

    private static Stored model(Long pendingSecondsAgo) {
        return new Stored(
                UUID.randomUUID(),
                NOW.minusSeconds(90_000),
                Optional.of(NOW.minusSeconds(80_000)),
                Optional.ofNullable(pendingSecondsAgo).map(NOW::minusSeconds));
    }

    private static OrgFreshness freshness(IngestState ingest, Stored... models) {
        return OrgFreshness.of(ingest, List.of(models), NOW);
    }

    @ParameterizedTest
    @CsvSource({"0,fresh", "300,fresh", "301,delayed", "600,delayed", "601,stale", "1000000,stale"})
    void statusFollowsTheLag(long lag, String status) {
        assertThat(FreshnessStatus.of(OptionalLong.of(lag)).wireName()).isEqualTo(status);
    }

    @Test
    void aQuietOrganisationThatIsCaughtUpIsFresh() {
        OrgFreshness quiet = freshness(ingest(observed(1, 1L, null)), model(null));
        assertThat(quiet.status()).isEqualTo(FreshnessStatus.FRESH);
        assertThat(quiet.lagSeconds()).hasValue(0);
    }

    @Test
    void aStuckIngestShowsInEveryModel() {
        OrgFreshness stuck = freshness(ingest(observed(1, 1L, 700L)), model(null));
        assertThat(stuck.status()).isEqualTo(FreshnessStatus.STALE);
        assertThat(stuck.models().get(0).lagSeconds()).hasValue(700);
        assertThat(stuck.ingest().backlogEvents()).hasValue(7);
    }

    @Test
    void theGreaterLagCountsAndTheWorstModelDecides() {
        OrgFreshness freshness = freshness(ingest(observed(1, 1L, 10L)), model(null), model(400L));
        assertThat(freshness.models())
                .extracting(model -> model.status())
                .containsExactly(FreshnessStatus.FRESH, FreshnessStatus.DELAYED);
        assertThat(freshness.lagSeconds()).hasValue(400);
        assertThat(freshness.status()).isEqualTo(FreshnessStatus.DELAYED);
    }

    @Test
    void withoutARecentObservationNothingIsKnown() {
        for (IngestState ingest : List.of(
                ingest(),
                ingest(observed(61, 61L, null)),
                ingest(observed(1, 61L, null)),
                ingest(observed(1, null, null)))) {
            OrgFreshness freshness = freshness(ingest, model(null));
            assertThat(freshness.status()).isEqualTo(FreshnessStatus.UNKNOWN);
            assertThat(freshness.lagSeconds()).isEmpty();
            assertThat(freshness.models().get(0).status()).isEqualTo(FreshnessStatus.UNKNOWN);
        }
        assertThat(freshness(ingest(observed(60, 60L, null)), model(null)).status())
                .isEqualTo(FreshnessStatus.FRESH);
    }

    @Test
    void aDeadReplicaDoesNotHideTheOneThatReads() {
        assertThat(freshness(ingest(observed(500, 500L, 900L), observed(1, 1L, 20L)))
                        .lagSeconds())
                .hasValue(20);
    }

    @Test
    void eachOfSeveralStreamsNeedsAReaderAndTheirBacklogsAddUp() {
        Observation first = of("stream-0", true, 1, 1L, null);
        Observation second = of("stream-1", true, 1, 1L, 30L);
        Observation standby = of("stream-1", false, 1, 1L, 900L);
        IngestState both = ingest(first, second, standby);
        assertThat(both.lagSeconds()).hasValue(30);
        assertThat(both.backlogEvents()).hasValue(14);
        for (IngestState unread :
                List.of(ingest(first, standby), ingest(first, standby, of("stream-1", true, 61, 61L, null)))) {
            assertThat(unread.lagSeconds()).isEmpty();
            assertThat(unread.backlogEvents()).isEmpty();
        }
        assertThat(ingest(first, second, of("stream-2", true, 61, 61L, null)).lagSeconds())
                .as("a stream that no replica asks for any more")
                .hasValue(30);
    }

    @Test
    void clocksThatDisagreeMakeNoNegativeLag() {
        assertThat(freshness(ingest(observed(-3, -3L, -2L)), model(-5L)).lagSeconds())
                .hasValue(0);
    }
}

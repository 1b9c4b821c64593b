package io.inference.analytics.forecast;

import io.inference.analytics.forecast.Anomalies.Anomaly;
import io.inference.analytics.forecast.Anomalies.Direction;
import io.inference.analytics.forecast.Anomalies.Judged;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a search found, and of how much of the range that is true. Without enough weeks before it, a bucket is neither usual nor
 * unusual.
 *
 * @param anomalies the latest first, at one time the largest first
 * @param judged how much of the range was compared
 * @param judgedFrom start of the first bucket that was compared; the later ones were, too
 * @param reason why not all were compared; empty when all were
 */
record AnomalyVerdict(List<Anomaly> anomalies, Judged judged, Optional<Instant> judgedFrom, Optional<String> reason) {

    /** How many buckets cost unusually much; empty when none could be compared. */
    Optional<Long> higher() {
        return judged == Judged.NONE
                ? Optional.empty()
                : Optional.of(anomalies.stream()
                        .filter(anomaly -> anomaly.direction() == Direction.HIGHER)
                        .count());
    }
}

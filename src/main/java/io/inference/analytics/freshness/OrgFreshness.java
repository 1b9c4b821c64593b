package io.inference.analytics.freshness;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * How fresh an organisation's figures are: the rules, independent of the wire format.
 *
 * @param ingest the state of the ingest, the same for every organisation
 * @param models one entry per model
 */
public record OrgFreshness(IngestState ingest, List<Model> models) {

    /**
     * What is stored about a model.
     *
     * @param modelId the model
     * @param lastEventAt latest end of an inference that was stored
     * @param lastRollupAt when the rollups last took in events; empty if never
     * @param oldestPendingAt commit of the oldest events that the rollups do not show yet; empty
     *     when there are none
     */
    public record Stored(
            UUID modelId, Instant lastEventAt, Optional<Instant> lastRollupAt, Optional<Instant> oldestPendingAt) {}

    /**
     * A model and its status.
     *
     * @param stored what is stored about it
     * @param lagSeconds the greater of the lags of rollup and ingest; empty when unknown
     * @param status what that lag means
     */
    public record Model(Stored stored, OptionalLong lagSeconds, FreshnessStatus status) {}

    static OrgFreshness of(IngestState ingest, List<Stored> stored, Instant now) {
        return new OrgFreshness(
                ingest,
                stored.stream()
                        .map(model -> {
                            OptionalLong lag = lag(ingest, model.oldestPendingAt(), now);
                            return new Model(model, lag, FreshnessStatus.of(lag));
                        })
                        .toList());
    }

    private static OptionalLong lag(IngestState ingest, Optional<Instant> oldestPendingAt, Instant now) {
        if (ingest.lagSeconds().isEmpty()) {
            return OptionalLong.empty();
        }
        long rollupLag =
                oldestPendingAt.map(at -> IngestState.secondsBetween(at, now)).orElse(0L);
        return OptionalLong.of(Math.max(rollupLag, ingest.lagSeconds().getAsLong()));
    }

    /**
     * The worst lag of all models, or the ingest's where there are no models; empty when unknown.
     */
    public OptionalLong lagSeconds() {
        if (ingest.lagSeconds().isEmpty()) {
            return OptionalLong.empty();
        }
        long worst = models.stream()
                .flatMapToLong(model -> model.lagSeconds().stream())
                .max()
                .orElse(0);
        return OptionalLong.of(Math.max(worst, ingest.lagSeconds().getAsLong()));
    }

    public FreshnessStatus status() {
        return FreshnessStatus.of(lagSeconds());
    }

    public Optional<Instant> lastEventAt() {
        return models.stream().map(model -> model.stored().lastEventAt()).max(Comparator.naturalOrder());
    }

    public Optional<Instant> lastRollupAt() {
        return models.stream()
                .flatMap(model -> model.stored().lastRollupAt().stream())
                .max(Comparator.naturalOrder());
    }
}

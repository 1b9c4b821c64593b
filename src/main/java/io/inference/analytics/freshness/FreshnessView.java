package io.inference.analytics.freshness;

import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of an organisation's freshness.
 *
 * @param orgId the organisation
 * @param status the worst of all models
 * @param ingest the state of the ingest
 * @param entries one per model, ordered by its id
 */
@Schema(name = "Freshness")
public record FreshnessView(UUID orgId, FreshnessStatus status, Ingest ingest, List<Entry> entries) {

    /** The state of the ingest, the same for every organisation. */
    @Schema(name = "IngestFreshness", description = "The ingest from the broker, the same for every organisation")
    public record Ingest(
            @Schema(
                            nullable = true,
                            description =
                                    "Age in seconds of the oldest message that is not stored yet; 0 when there is none, null when unknown")
                    Long lagSeconds,
            @Schema(nullable = true, description = "Messages waiting at the broker; null when unknown")
                    Long backlogEvents,
            @Schema(nullable = true, description = "When a batch was last stored; null before the first one")
                    Instant lastCommittedAt) {

        static Ingest of(IngestState state) {
            return new Ingest(
                    boxed(state.lagSeconds()),
                    boxed(state.backlogEvents()),
                    state.lastCommittedAt().orElse(null));
        }
    }

    /** The freshness of one model's figures. */
    @Schema(name = "FreshnessEntry")
    public record Entry(
            UUID modelId,
            @Schema(description = "End of the latest inference that is stored") Instant lastEventAt,
            @Schema(nullable = true, description = "When events were last added to the rollups; null if never")
                    Instant lastRollupAt,
            @Schema(
                            nullable = true,
                            description =
                                    "Seconds: the greater of two ages, of the oldest stored event missing from the rollups"
                                            + " and of the oldest message not yet stored; null when unknown")
                    Long lagSeconds,
            FreshnessStatus status) {}

    /** The freshness of an organisation in short, as answers with figures carry it. */
    @Schema(name = "FreshnessSummary", description = "How fresh the figures are, by the worst of the models requested")
    public record Summary(
            FreshnessStatus status,
            @Schema(nullable = true, description = "End of the latest inference that is stored; null if there is none")
                    Instant lastEventAt,
            @Schema(nullable = true, description = "When events were last added to the rollups; null if never")
                    Instant lastRollupAt,
            @Schema(nullable = true, description = "Seconds, see FreshnessEntry; null when unknown") Long lagSeconds,
            Ingest ingest) {

        /** The summary of an organisation's freshness. */
        public static Summary of(OrgFreshness freshness) {
            return new Summary(
                    freshness.status(),
                    freshness.lastEventAt().orElse(null),
                    freshness.lastRollupAt().orElse(null),
                    boxed(freshness.lagSeconds()),
                    Ingest.of(freshness.ingest()));
        }
    }

    /** The freshness of one of several organisations in short; the state of the ingest is the same for all. */
    @Schema(
            name = "FreshnessOfOrg",
            description = "How fresh the figures of one organisation are, by the worst of its models")
    public record OfOrg(
            UUID orgId,
            FreshnessStatus status,
            @Schema(nullable = true, description = "End of the latest inference that is stored; null if there is none")
                    Instant lastEventAt,
            @Schema(nullable = true, description = "When events were last added to the rollups; null if never")
                    Instant lastRollupAt,
            @Schema(nullable = true, description = "Seconds, see FreshnessEntry; null when unknown") Long lagSeconds) {

        static OfOrg of(UUID org, OrgFreshness freshness) {
            return new OfOrg(
                    org,
                    freshness.status(),
                    freshness.lastEventAt().orElse(null),
                    freshness.lastRollupAt().orElse(null),
                    boxed(freshness.lagSeconds()));
        }
    }

    static FreshnessView of(UUID org, OrgFreshness freshness) {
        return new FreshnessView(
                org,
                freshness.status(),
                Ingest.of(freshness.ingest()),
                freshness.models().stream()
                        .map(model -> new Entry(
                                model.stored().modelId(),
                                model.stored().lastEventAt(),
                                model.stored().lastRollupAt().orElse(null),
                                boxed(model.lagSeconds()),
                                model.status()))
                        .toList());
    }

    private static Long boxed(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }
}

package io.inference.analytics.reliability;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.series.Cost;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What a post-mortem needs, as the wire shows it. All figures come from the raw events; percentiles
 * are exact.
 *
 * @param orgId the organisation
 * @param orgName its name, or its id where it has none
 * @param before the window before the incident: as long as it, but at least an hour
 * @param during the window of the incident
 * @param after the window after the incident, as long as the one before; may lie in the future
 * @param whole the whole organisation
 * @param models by model, the affected and worst ones first, at most 50
 * @param clients by client, likewise
 * @param modelsByClient by model and client, likewise: one model that fails for one client shows
 *     only here
 * @param errorClasses what failed during the incident, the most frequent first, at most 50
 * @param failed what the failed calls of the incident cost
 * @param timeline invocations and errors during the incident, step by step; steps without
 *     invocations are left out
 * @param generatedAt when the summary was made
 */
@Schema(name = "IncidentSummary")
public record IncidentSummary(
        UUID orgId,
        String orgName,
        Window before,
        Window during,
        Window after,
        Phases whole,
        List<Affected> models,
        List<Affected> clients,
        List<Affected> modelsByClient,
        List<ErrorClass> errorClasses,
        Failed failed,
        List<Step> timeline,
        Instant generatedAt) {

    /** A half-open window. */
    @Schema(name = "IncidentWindow")
    public record Window(Instant start, Instant end) {}

    /** The figures before, during and after. */
    @Schema(name = "IncidentPhases")
    public record Phases(
            ReliabilitySeries.Figures before, ReliabilitySeries.Figures during, ReliabilitySeries.Figures after) {}

    /** The figures of a model, a client, or both. */
    @Schema(name = "IncidentAffected")
    public record Affected(
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "Absent where figures are not split by model")
                    UUID modelId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "The model's name, or its id where it has none; absent with modelId")
                    String modelName,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "Absent where figures are not split by client; empty for events without one")
                    String clientId,
            @Schema(description = "Whether it went much worse than before, by the rule for spikes") boolean affected,
            @Schema(description = "What went much worse; empty when nothing did") List<SpikeRule.Cause> causes,
            Phases figures) {}

    /** Failures of one kind. */
    @Schema(name = "IncidentErrorClass")
    public record ErrorClass(
            String status,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "Absent where the events name none")
                    String errorCode,
            long invocations,
            Instant firstAt,
            Instant lastAt) {}

    /** What was spent on calls that failed. */
    @Schema(name = "IncidentFailed")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Failed(
            long invocations,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger inputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger outputTokens,
            @Schema(nullable = true, description = "Null when nothing has a price") Cost cost,
            long unpricedInvocations,
            @Schema(nullable = true, description = "When the first of them ended") Instant firstAt,
            @Schema(nullable = true, description = "When the last of them ended") Instant lastAt) {}

    /** A short part of the incident. */
    @Schema(name = "IncidentStep")
    public record Step(Instant start, Instant end, long invocations, long errors) {}
}

package io.inference.analytics.event;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.UUID;

/**
 * One inference, as a producer reported it. Optional fields are null when absent, not {@code Optional}, because tens of thousands
 * of events are made per second.
 *
 * @param eventId together with orgId the key by which a repetition is recognised
 * @param actorId the user, or null
 * @param clientId API key or application; {@code ""} when absent, null or empty in JSON
 * @param occurredAt the end of the inference; truncated to microseconds, PostgreSQL's precision
 * @param timeToFirstTokenMs at most latencyMs, or null
 * @param errorCode at most 100 code points, or null
 * @param inputTokens all tokens read, cached ones included
 * @param cacheReadInputTokens part of inputTokens; 0 when absent
 * @param cacheWriteInputTokens part of inputTokens; 0 when absent
 * @param cacheWrite1hInputTokens part of cacheWriteInputTokens; 0 when absent
 * @param costEstimateCents at most 12 digits before and 8 after the point; null = to be priced by the price book
 * @param metadata canonical JSON of {@link Metadata}, or null; an empty object counts as absent
 * @param serviceTier what the provider served it as, such as batch, at most 50 code points; null when absent or empty
 * @param contextWindow the class of context length it is billed by, at most 50 code points; null when absent or empty
 */
public record UsageEvent(
        UUID eventId,
        UUID orgId,
        UUID modelId,
        UUID actorId,
        String clientId,
        Instant occurredAt,
        long latencyMs,
        Long timeToFirstTokenMs,
        EventStatus status,
        String errorCode,
        long inputTokens,
        long outputTokens,
        long cacheReadInputTokens,
        long cacheWriteInputTokens,
        long cacheWrite1hInputTokens,
        BigDecimal costEstimateCents,
        String metadata,
        String serviceTier,
        String contextWindow) {

    public UsageEvent {
        Objects.requireNonNull(eventId, "eventId");
        Objects.requireNonNull(orgId, "orgId");
        Objects.requireNonNull(modelId, "modelId");
        Objects.requireNonNull(clientId, "clientId");
        Objects.requireNonNull(status, "status");
        occurredAt = occurredAt.truncatedTo(ChronoUnit.MICROS);
        serviceTier = presentOrNull(serviceTier);
        contextWindow = presentOrNull(contextWindow);
    }

    private static String presentOrNull(String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    /**
     * Whether the other event says the same, so that it is a duplicate and not a conflict. All fields but occurredAt count, numbers
     * by value; absent = null = (for clientId, metadata, serviceTier and contextWindow) empty.
     */
    public boolean sameContentAs(UsageEvent other) {
        return eventId.equals(other.eventId)
                && orgId.equals(other.orgId)
                && modelId.equals(other.modelId)
                && Objects.equals(actorId, other.actorId)
                && clientId.equals(other.clientId)
                && latencyMs == other.latencyMs
                && Objects.equals(timeToFirstTokenMs, other.timeToFirstTokenMs)
                && status == other.status
                && Objects.equals(errorCode, other.errorCode)
                && inputTokens == other.inputTokens
                && outputTokens == other.outputTokens
                && cacheReadInputTokens == other.cacheReadInputTokens
                && cacheWriteInputTokens == other.cacheWriteInputTokens
                && cacheWrite1hInputTokens == other.cacheWrite1hInputTokens
                && sameCost(other)
                && Objects.equals(metadata, other.metadata)
                && Objects.equals(serviceTier, other.serviceTier)
                && Objects.equals(contextWindow, other.contextWindow);
    }

    private boolean sameCost(UsageEvent other) {
        return costEstimateCents == null || other.costEstimateCents == null
                ? costEstimateCents == other.costEstimateCents
                : costEstimateCents.compareTo(other.costEstimateCents) == 0;
    }
}

package io.inference.analytics.access;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Where decisions about access are recorded. */
public interface AuditTrail {

    /** The result of an access check. */
    enum Outcome {
        ALLOWED,
        DENIED
    }

    /**
     * One decision.
     *
     * @param at when it was made
     * @param actor the subject of the credential; empty when there was no valid one
     * @param action the permission that the method needs, or what it is open to
     * @param org the organisation as the caller wrote it, which may not be a UUID
     * @param outcome allowed or denied
     * @param crossOrg allowed by a grant for every organisation, not by membership
     * @param method HTTP method
     * @param path path of the request, without parameters
     * @param traceId trace of the request
     */
    record Decision(
            Instant at,
            Optional<String> actor,
            String action,
            Optional<String> org,
            Outcome outcome,
            boolean crossOrg,
            String method,
            String path,
            String traceId) {}

    /**
     * Takes the decision and returns at once.
     *
     * @return completes when the decision is committed; exceptionally when that is not possible at
     *     present
     */
    CompletionStage<Void> record(Decision decision);
}

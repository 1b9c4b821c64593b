package io.inference.analytics.access;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Where decisions about access are recorded. */
public interface AuditTrail {

    /** What became of a request at the door. */
    enum Outcome {
        ALLOWED,
        DENIED
    }

    /**
     * One decision.
     *
     * @param at when
     * @param actor the subject of the credential; empty when there was none that holds
     * @param action the permission that was asked for, or what the method is open to
     * @param org the organisation as the caller wrote it, which may be no UUID
     * @param outcome allowed or denied
     * @param crossOrg allowed by a grant that holds in every organisation, not by membership
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
     * Takes the decision, at once.
     *
     * @return completes when it is kept for good; exceptionally when it can not be at present
     */
    CompletionStage<Void> record(Decision decision);
}

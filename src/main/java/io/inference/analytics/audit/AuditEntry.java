package io.inference.analytics.audit;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;

/**
 * One row of the log.
 *
 * @param seq its place in the chain: 1, 2, 3 … without gaps
 * @param recordedAt the database's time of the append, in microseconds; never earlier than that of
 *     the previous entry
 * @param at when the decision was made, in microseconds
 * @param actor subject of the credential; empty when there was no valid one
 * @param action the permission that the request needs, or the command
 * @param orgId the organisation, if the request named one by a UUID
 * @param outcome allowed or denied
 * @param crossOrg allowed by a grant for every organisation
 * @param method HTTP method, or CLI
 * @param path path of the request without parameters, or the command
 * @param traceId trace of the request
 */
record AuditEntry(
        long seq,
        Instant recordedAt,
        Instant at,
        Optional<String> actor,
        String action,
        Optional<UUID> orgId,
        String outcome,
        boolean crossOrg,
        String method,
        String path,
        String traceId) {

    /** This entry at its place in the chain. */
    AuditEntry placed(long place, Instant appendedAt) {
        return new AuditEntry(place, appendedAt, at, actor, action, orgId, outcome, crossOrg, method, path, traceId);
    }

    /** An entry and its stored hash. */
    record Hashed(AuditEntry entry, byte[] hash) {

        /** The hash in hexadecimal. */
        String hex() {
            return HexFormat.of().formatHex(hash);
        }
    }
}

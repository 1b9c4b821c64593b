package io.inference.analytics.audit;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;

/**
 * One row of the log.
 *
 * @param seq its place in the chain: 1, 2, 3 … without gaps
 * @param recordedAt the database's time of the append, in microseconds; never before that of the entry before
 * @param at when the decision was made, in microseconds
 * @param actor subject of the credential; empty when none held
 * @param action the permission that was asked for, or the command
 * @param orgId the organisation, where the request named one that can be one
 * @param outcome allowed or denied
 * @param crossOrg allowed by a grant that holds in every organisation
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

    /** The entry with its place in the chain. */
    AuditEntry placed(long place, Instant appendedAt) {
        return new AuditEntry(place, appendedAt, at, actor, action, orgId, outcome, crossOrg, method, path, traceId);
    }

    /** An entry and the hash that stands beside it. */
    record Hashed(AuditEntry entry, byte[] hash) {

        /** The hash in hexadecimal. */
        String hex() {
            return HexFormat.of().formatHex(hash);
        }
    }
}

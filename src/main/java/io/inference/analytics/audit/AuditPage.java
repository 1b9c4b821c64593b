package io.inference.analytics.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.audit.AuditEntry.Hashed;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the API shows of the log, newest first.
 *
 * @param nextCursor the parameter cursor of the next page; null on the last one
 */
@Schema(name = "AuditPage")
record AuditPage(List<Entry> entries, @Schema(nullable = true) String nextCursor) {

    /** One decision. */
    @Schema(name = "AuditEntry")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Entry(
            @Schema(description = "Place in the chain") long seq,
            @Schema(description = "When it was decided") Instant at,
            @Schema(description = "When the entry was committed; start and end refer to it") Instant recordedAt,
            @Schema(nullable = true, description = "Subject of the credential; null when there was no valid one")
                    String actor,
            @Schema(description = "Permission that the request needs, or the command") String action,
            @Schema(nullable = true) UUID orgId,
            @Schema(enumeration = {"allowed", "denied"}) String outcome,
            @Schema(description = "Allowed by a grant for every organisation") boolean crossOrg,
            String method,
            String path,
            String traceId,
            @Schema(description = "Hash of the chain up to this entry, SHA-256 in hexadecimal") String hash) {

        static Entry of(Hashed hashed) {
            AuditEntry entry = hashed.entry();
            return new Entry(
                    entry.seq(),
                    entry.at(),
                    entry.recordedAt(),
                    entry.actor().orElse(null),
                    entry.action(),
                    entry.orgId().orElse(null),
                    entry.outcome(),
                    entry.crossOrg(),
                    entry.method(),
                    entry.path(),
                    entry.traceId(),
                    hashed.hex());
        }
    }

    /** The first {@code limit} entries found; a further one means that another page follows. */
    static AuditPage of(List<Hashed> found, int limit) {
        boolean more = found.size() > limit;
        List<Hashed> shown = more ? found.subList(0, limit) : found;
        AuditEntry last = more ? shown.get(limit - 1).entry() : null;
        return new AuditPage(
                shown.stream().map(Entry::of).toList(),
                last == null ? null : new AuditQuery.Cursor(last.recordedAt(), last.seq()).encode());
    }
}

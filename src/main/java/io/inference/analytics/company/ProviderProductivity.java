package io.inference.analytics.company;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Use of the providers' tools, as answers show it. No money and no tokens. */
@Schema(name = "ProviderProductivity")
record ProviderProductivity(
        Instant start,
        Instant end,
        @Schema(description = "What the rows are split by") List<String> groupBy,
        List<Row> series,
        @Schema(description = "Of the whole range; a user who was active on several days counts once") Row totals) {

    /** A row; what the platform does not count is 0. */
    @Schema(name = "ProviderProductivityRow")
    record Row(
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "UTC day") Optional<LocalDate> day,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(enumeration = {"claude_code", "claude_ai", "cursor"})
                    Optional<String> platform,
            @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(description = "null: the user is not known")
                    Optional<String> userEmail,
            long activeUsers,
            long sessions,
            long linesAdded,
            long linesRemoved,
            long commits,
            long pullRequests,
            @Schema(description = "Accepted edits, and lines accepted by tab") long accepted,
            long rejected,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "accepted / (accepted + rejected), not rounded; absent without any")
                    Double acceptanceRate,
            long requests,
            long conversations) {}
}

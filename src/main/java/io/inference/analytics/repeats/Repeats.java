package io.inference.analytics.repeats;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.SeriesScope;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of duplicates and conflicts.
 *
 * @param orgId the organisation
 * @param start start of the range used: the one asked for, with its edge snapped
 * @param end end of the range used, exclusive, snapped likewise
 * @param countedFrom since when repetitions are counted and kept
 * @param partial true when the range begins before that, else absent
 * @param rows by client and model, the one with most conflicts first
 * @param rowsLeftOut how many more rows there are
 * @param totals of all rows, shown or not
 */
@Schema(name = "IngestionConflicts")
public record Repeats(
        UUID orgId,
        Instant start,
        Instant end,
        @Schema(
                        description =
                                "Since when duplicates and conflicts are counted by client, and kept: as long as raw events")
                Instant countedFrom,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(
                        description =
                                "true when the range begins before countedFrom, so that its first duplicates and conflicts"
                                        + " are not known; else absent")
                Boolean partial,
        @Schema(description = "By client and model, the one with most conflicts first; at most 1,000") List<Row> rows,
        @Schema(description = "How many more rows there are; the totals are of all") long rowsLeftOut,
        @Schema(description = "Of all clients and models asked for") Figures totals) {

    /** One client's use of one model. */
    @Schema(name = "IngestionConflictsRow")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Row(
            @Schema(nullable = true, description = "The client that the events name; null for events without one")
                    String clientId,
            UUID modelId,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "What people call the model; absent when there is no name")
                    String modelName,
            @JsonUnwrapped Figures figures) {}

    /** The figures of a row or of all. */
    @Schema(name = "IngestionConflictsFigures")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Figures(
            @Schema(description = "Events that are stored, by the time at which they occurred") long events,
            @Schema(
                            description =
                                    "Events with the id of a stored one and other content, by the time of their arrival;"
                                            + " they are in no figure")
                    long conflicts,
            @Schema(
                            nullable = true,
                            description =
                                    "conflicts / (events + conflicts), not rounded; 0 when there are none; null in a"
                                            + " partial answer")
                    Double conflictShare,
            @Schema(
                            description = "Events with the id and the content of a stored one, by the time of their"
                                    + " arrival; counted once")
                    long duplicates,
            @Schema(description = "What counting the duplicates would have added") Tokens duplicateTokens,
            @Schema(description = "The versions that are stored and counted, once per conflict") Version stored,
            @Schema(description = "The versions that were refused") Version refused,
            @Schema(description = "refused - stored: how much usage would be higher with the refused versions")
                    Version difference,
            @Schema(
                            description =
                                    "Conflicts without a cost on one side or both; they are in no cost here, but in"
                                            + " the tokens")
                    long unpricedConflicts) {

        static Figures of(long events, RepeatSums sums, boolean partial) {
            long published = events + sums.conflicts();
            boolean priced = sums.conflicts() == 0 || sums.unpricedConflicts() < sums.conflicts();
            RepeatSums.Tokens stored = sums.stored();
            RepeatSums.Tokens refused = sums.refused();
            RepeatSums.Tokens difference = new RepeatSums.Tokens(
                    refused.input().subtract(stored.input()), refused.output().subtract(stored.output()));
            return new Figures(
                    events,
                    sums.conflicts(),
                    partial ? null : share(sums.conflicts(), published),
                    sums.duplicates(),
                    new Tokens(
                            sums.duplicateTokens().input(),
                            sums.duplicateTokens().output()),
                    Version.of(stored, priced, sums.storedCents()),
                    Version.of(refused, priced, sums.refusedCents()),
                    Version.of(difference, priced, sums.refusedCents().subtract(sums.storedCents())),
                    sums.unpricedConflicts());
        }

        private static double share(long conflicts, long published) {
            return published == 0 ? 0 : (double) conflicts / published;
        }
    }

    /** Tokens. */
    @Schema(name = "IngestionConflictsTokens")
    public record Tokens(
            @Schema(type = SchemaType.INTEGER, description = "Tokens; everything read, cached included")
                    BigInteger inputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger outputTokens) {}

    /** Tokens and cost of one side of the conflicts. */
    @Schema(name = "IngestionConflictsVersion")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Version(
            @Schema(type = SchemaType.INTEGER, description = "Tokens; everything read, cached included")
                    BigInteger inputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger outputTokens,
            @Schema(
                            nullable = true,
                            description = "Of the conflicts that have a cost on both sides, sent or by the price book,"
                                    + " as of their arrival; null when none has")
                    Cost cost) {

        private static Version of(RepeatSums.Tokens tokens, boolean priced, BigDecimal cents) {
            return new Version(tokens.input(), tokens.output(), priced ? Cost.ofCents(cents) : null);
        }
    }

    static Repeats of(UUID org, SeriesScope scope, RepeatsStore.Found found, Instant countedFrom) {
        boolean partial = scope.range().start().isBefore(countedFrom);
        return new Repeats(
                org,
                scope.range().start(),
                scope.range().end(),
                countedFrom,
                partial ? true : null,
                found.rows().stream()
                        .map(row -> new Row(
                                row.group()
                                        .client()
                                        .filter(client -> !client.isEmpty())
                                        .orElse(null),
                                row.group().model().orElseThrow(),
                                row.modelName().orElse(null),
                                Figures.of(row.events(), row.sums(), partial)))
                        .toList(),
                found.rowsLeftOut(),
                Figures.of(found.totals().events(), found.totals().sums(), partial));
    }
}

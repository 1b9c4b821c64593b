package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Cost;
import io.inference.analytics.series.TimeRange;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of a breakdown. The rows and the rest add up to the totals, to the last digit, on every page.
 *
 * @param orgId the organisation
 * @param by what there is one row for each of
 * @param start start of the range used: the one asked for, with its edge snapped
 * @param end end of the range used, exclusive, snapped likewise
 * @param previous the range compared with, else absent
 * @param orderBy the figure that ranks the rows
 * @param rows the page, the highest first; equal ones by key
 * @param rest everything that is in no row of this page
 * @param totals everything
 * @param nextCursor where the next page begins; absent on the last one
 * @param availableFrom how far back data is kept
 * @param freshness how fresh the figures are
 */
@Schema(name = "Breakdown")
public record Breakdown(
        UUID orgId,
        @Schema(description = "As it was asked for: such as model, or metadata.team") String by,
        Instant start,
        Instant end,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(description = "The range that the figures are compared with; absent with compare=none")
                Compared previous,
        BreakdownOrder orderBy,
        List<Row> rows,
        @Schema(description = "Everything that is in no row of this page") Part rest,
        @Schema(description = "Rows and rest together") Part totals,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(description = "Where the next page begins; absent on the last one")
                String nextCursor,
        Instant availableFrom,
        FreshnessView.Summary freshness) {

    /** The range compared with. */
    @Schema(name = "BreakdownPrevious")
    public record Compared(
            Instant start,
            Instant end,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(
                            description =
                                    "True when it begins before availableFrom, so that figures are missing; else absent")
                    Boolean partial) {}

    /** One row. */
    @Schema(name = "BreakdownRow")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Row(
            @Schema(
                            nullable = true,
                            description = "What the row is about; null for events that have none, such as those"
                                    + " without the metadata key")
                    String key,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "What people call it; absent when there is no name")
                    String name,
            @JsonUnwrapped Part part) {}

    /** A part of the whole. */
    @Schema(name = "BreakdownPart")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Part(
            @JsonUnwrapped Figures figures,
            @Schema(
                            nullable = true,
                            description = "Of the totals, by the figure of orderBy (errors for errorRate), not rounded;"
                                    + " null when that total is 0 or nothing has a price")
                    Double share,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "The same in the range compared with; absent with compare=none")
                    Figures previous,
            @JsonInclude(JsonInclude.Include.NON_NULL)
                    @Schema(description = "From previous to now, by the figure of orderBy; absent with compare=none")
                    Change change) {}

    /** The figures of a part. */
    @Schema(name = "BreakdownFigures")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Figures(
            @Schema(description = "How many invocations ended") long invocations,
            @Schema(description = "Those of them that did not end in success") long errors,
            @Schema(description = "errors / invocations, not rounded; 0 when there are no invocations")
                    double errorRate,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; everything read, cached included")
                    BigInteger inputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens") BigInteger outputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; the part of the input that came from a cache")
                    BigInteger cacheReadInputTokens,
            @Schema(type = SchemaType.INTEGER, description = "Tokens; the part of the input that went to a cache")
                    BigInteger cacheWriteInputTokens,
            @Schema(
                            nullable = true,
                            description =
                                    "The exact sum of what has a price; null when nothing has one, 0 when there was no"
                                            + " usage")
                    Cost cost,
            @Schema(description = "Invocations without a price") long unpricedInvocations,
            @Schema(description = "Whether everything has a price") boolean costComplete) {

        static Figures of(UsageSums sums) {
            return new Figures(
                    sums.invocations(),
                    sums.errors(),
                    sums.invocations() == 0 ? 0 : (double) sums.errors() / sums.invocations(),
                    sums.inputTokens(),
                    sums.outputTokens(),
                    sums.cacheReadInputTokens(),
                    sums.cacheWriteInputTokens(),
                    sums.costCents().map(Cost::ofCents).orElse(null),
                    sums.unpricedInvocations(),
                    sums.unpricedInvocations() == 0);
        }
    }

    /** How a figure has changed. */
    @Schema(name = "BreakdownChange")
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Change(
            @Schema(
                            nullable = true,
                            examples = "-12.5",
                            description =
                                    "The difference, a plain decimal: US dollars for cost, else a count or a rate;"
                                            + " null when one of both has no price")
                    String amount,
            @Schema(
                            nullable = true,
                            description = "amount / the previous figure, not rounded; null when that is 0 or unknown")
                    Double ratio) {

        static Change of(Optional<BigDecimal> now, Optional<BigDecimal> before) {
            if (now.isEmpty() || before.isEmpty()) {
                return new Change(null, null);
            }
            BigDecimal difference = now.get().subtract(before.get());
            return new Change(
                    difference.signum() == 0
                            ? "0"
                            : difference.stripTrailingZeros().toPlainString(),
                    quotient(difference, before.get()));
        }
    }

    private static Double quotient(BigDecimal part, BigDecimal whole) {
        return whole.signum() == 0
                ? null
                : part.divide(whole, MathContext.DECIMAL128).doubleValue();
    }

    /** Dresses what a query found. */
    static Breakdown of(
            UUID org,
            BreakdownQuery query,
            BreakdownStore.Found found,
            Instant availableFrom,
            FreshnessView.Summary freshness) {
        boolean more = found.rows().size() > query.limit();
        List<BreakdownStore.Ranked> page = more ? found.rows().subList(0, query.limit()) : found.rows();
        UsageSums totals = found.totals().sums();
        UsageSums before = found.totals().before();
        UsageSums rest = totals;
        UsageSums restBefore = before;
        for (BreakdownStore.Ranked row : page) {
            rest = rest.minus(row.sums());
            restBefore = restBefore.minus(row.before());
        }
        return new Breakdown(
                org,
                query.key().wireName(),
                query.scope().range().start(),
                query.scope().range().end(),
                query.compared().map(range -> compared(range, availableFrom)).orElse(null),
                query.orderBy(),
                page.stream()
                        .map(row -> new Row(
                                query.key().shown(row.key()).orElse(null),
                                row.name().orElse(null),
                                part(query, row.sums(), row.before(), totals)))
                        .toList(),
                part(query, rest, restBefore, totals),
                part(query, totals, before, totals),
                more ? cursor(page.get(page.size() - 1)).text(query.question()) : null,
                availableFrom,
                freshness);
    }

    private static BreakdownQuery.Cursor cursor(BreakdownStore.Ranked last) {
        return new BreakdownQuery.Cursor(last.rank().orElseThrow(), last.key());
    }

    private static Compared compared(TimeRange range, Instant availableFrom) {
        return new Compared(range.start(), range.end(), range.start().isBefore(availableFrom) ? true : null);
    }

    private static Part part(BreakdownQuery query, UsageSums sums, UsageSums before, UsageSums totals) {
        BreakdownOrder shared = query.orderBy().additive();
        Double share = shared.of(sums)
                .flatMap(part -> shared.of(totals).map(whole -> quotient(part, whole)))
                .orElse(null);
        boolean compare = query.compared().isPresent();
        return new Part(
                Figures.of(sums),
                share,
                compare ? Figures.of(before) : null,
                compare ? Change.of(query.orderBy().of(sums), query.orderBy().of(before)) : null);
    }
}

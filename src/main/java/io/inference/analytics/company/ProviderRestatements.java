package io.inference.analytics.company;

import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** Days of bills that a provider changed after they were final, as answers show them. */
@Schema(name = "ProviderRestatements")
record ProviderRestatements(
        Instant start,
        Instant end,
        @Schema(description = "By day, provider, organisation and time") List<Row> series,
        @Schema(description = "What the restatements add to the bills") Cost change,
        Finality finality) {

    /** A change of a day. */
    @Schema(name = "ProviderRestatement")
    record Row(
            @Schema(description = "UTC day of the bill") LocalDate day,
            @Schema(enumeration = {"anthropic", "cursor", "openai"}) String provider,
            @Schema(description = "The provider's name of its organisation") String organizationId,
            @Schema(description = "Of the day, from 2; changes before the day was final are not in this list")
                    int revision,
            @Schema(description = "What the day cost until then") Cost before,
            @Schema(description = "What the day costs since then") Cost after,
            @Schema(description = "after - before") Cost change,
            @Schema(description = "When the day was first found good after the fifth of the following month")
                    Instant finalSince,
            @Schema(description = "When the change was stored") Instant restatedAt) {

        static Row of(RowView row) {
            return new Row(
                    row.getColumn("usage_date", LocalDate.class),
                    row.getColumn("provider", String.class),
                    row.getColumn("organization_id", String.class),
                    row.getColumn("revision", Integer.class),
                    usd(row, "before_usd"),
                    usd(row, "after_usd"),
                    usd(row, "change_usd"),
                    row.getColumn("closed_at", Instant.class),
                    row.getColumn("restated_at", Instant.class));
        }

        private static Cost usd(RowView row, String column) {
            return ProviderCosts.cost(row.getColumn(column, BigDecimal.class));
        }
    }

    private static final String SELECT =
            """
            select usage_date, provider, organization_id, revision, before_usd, after_usd, change_usd, closed_at, restated_at
            from analytics.provider_restatement
            where usage_date >= :first and usage_date < :end
            order by usage_date, provider, organization_id, revision
            """;

    static ProviderRestatements read(Handle handle, CompanyQuery query) {
        Finality finality = Finality.read(handle, query);
        return new ProviderRestatements(
                query.range().start(),
                query.range().end(),
                handle.createQuery(SELECT)
                        .bind("first", query.first())
                        .bind("end", query.end())
                        .map(Row::of)
                        .list(),
                finality.restated(),
                finality);
    }
}

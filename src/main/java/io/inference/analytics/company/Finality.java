package io.inference.analytics.company;

import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** Whether the bills of a range can still change. */
@Schema(name = "Finality")
record Finality(
        @Schema(
                        description =
                                "final: every day was read again after the fifth of the following month; provisional: any"
                                        + " day can still change",
                        enumeration = {"provisional", "final"})
                String status,
        @Schema(description = "When a day of the range was last read; null when no day was", nullable = true)
                Instant refreshedAt,
        @Schema(description = "How often days of the range were restated") long revisions,
        @Schema(description = "Days of bills in the range without a good import") long missingDays) {

    private static final String SELECT =
            """
            select count(*) filter (where status in ('ok', 'ok_empty')
                       and last_checked_at >= (date_trunc('month', usage_date::timestamp) + interval '1 month 4 days')
                           at time zone 'UTC') as settled,
                   count(*) filter (where status in ('ok', 'ok_empty')) as good, max(last_checked_at) as refreshed_at,
                   coalesce(sum(greatest(revision - 1, 0)), 0) as revisions,
                   (select count(distinct (provider, org_ref)) from analytics.provider_import_day
                    where dataset in ('cost', 'events')) as bills
            from analytics.provider_import_day
            where dataset in ('cost', 'events') and usage_date >= :first and usage_date < :end
            """;

    static Finality read(Handle handle, CompanyQuery query) {
        return handle.createQuery(SELECT)
                .bind("first", query.first())
                .bind("end", query.end())
                .map(row -> of(row, query.days()))
                .one();
    }

    private static Finality of(RowView row, long days) {
        long wanted = row.getColumn("bills", Long.class) * days;
        return new Finality(
                wanted > 0 && row.getColumn("settled", Long.class) == wanted ? "final" : "provisional",
                row.getColumn("refreshed_at", Instant.class),
                row.getColumn("revisions", Long.class),
                Math.max(0, wanted - row.getColumn("good", Long.class)));
    }
}

package io.inference.analytics.company;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Whether the bills of a range can still change. */
@Schema(name = "Finality")
record Finality(
        @Schema(
                        description =
                                "final: every day was read again after the fifth of the month after it; provisional: any can"
                                        + " still change",
                        enumeration = {"provisional", "final"})
                String status,
        @Schema(description = "When a day of the range was last read; null when none was", nullable = true)
                Instant refreshedAt,
        @Schema(description = "How often days of the range were restated") long revisions,
        @Schema(description = "Days of bills in the range without a good import") long missingDays) {

    private static final String SELECT =
            """
            select count(*) filter (where status in ('ok', 'ok_empty')
                                      and last_checked_at >= (date_trunc('month', usage_date::timestamp) + interval '1 month 4 days') at time zone 'UTC'),
                   count(*) filter (where status in ('ok', 'ok_empty')), max(last_checked_at), coalesce(sum(greatest(revision - 1, 0)), 0),
                   (select count(distinct (provider, org_ref)) from analytics.provider_import_day where dataset in ('cost', 'events'))
            from analytics.provider_import_day
            where dataset in ('cost', 'events') and usage_date >= ? and usage_date < ?
            """;

    static Finality read(Connection connection, CompanyQuery query) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(SELECT)) {
            select.setObject(1, query.first());
            select.setObject(2, query.end());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                long wanted = row.getLong(5) * query.days();
                OffsetDateTime refreshed = row.getObject(3, OffsetDateTime.class);
                return new Finality(
                        wanted > 0 && row.getLong(1) == wanted ? "final" : "provisional",
                        refreshed == null ? null : refreshed.toInstant(),
                        row.getLong(4),
                        Math.max(0, wanted - row.getLong(2)));
            }
        }
    }
}

package io.inference.analytics.export;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Monthly files of charges that the bill no longer agrees with: a provider restated it, or an owner
 * was entered later. Only files that are kept are compared, and only with a bill or an owner that
 * changed after the file was begun.
 */
@ApplicationScoped
public class Restatements {

    /**
     * A month whose file is to be made again.
     *
     * @param revision of the latest file
     * @param filedUsd what the latest file bills
     * @param billedUsd what the bill is now
     */
    public record Due(UUID org, YearMonth month, int revision, BigDecimal filedUsd, BigDecimal billedUsd) {}

    private static final String DUE =
            """
            with latest as (
                select distinct on (org_id, month) org_id, month, revision, started_at, (month + interval '1 month')::date as next,
                       (totals ->> 'billedCostUsd')::numeric as filed
                from analytics.export_jobs
                where month is not null and status = 'succeeded' and totals ->> 'billedCostUsd' is not null
                order by org_id, month, revision desc
            ), touched as (
                select latest.* from latest
                where exists (select from analytics.provider_import_day d
                              where d.dataset in ('cost', 'usage') and d.usage_date >= latest.month and d.usage_date < latest.next
                                and d.last_imported_at > latest.started_at)
                   or exists (select from analytics.provider_org_mapping m where m.entered_at > latest.started_at)
            ), billed as (
                select months.month, costs.org_id, sum(costs.amount_usd) as amount
                from (select distinct month, next from touched) as months
                join analytics.provider_org_costs costs
                  on costs.activity_date >= months.month and costs.activity_date < months.next
                group by months.month, costs.org_id
            )
            select touched.org_id, touched.month, touched.revision, filed, coalesce(amount, 0) as amount
            from touched
            left join billed on billed.month = touched.month and billed.org_id = touched.org_id
            where filed <> coalesce(amount, 0)
            order by touched.month, touched.org_id
            """;

    private final Jdbi jdbi;

    Restatements(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** By month, then by organisation. */
    public List<Due> due() {
        return jdbi.withHandle(handle -> handle.createQuery(DUE)
                .map(row -> new Due(
                        row.getColumn("org_id", UUID.class),
                        YearMonth.from(row.getColumn("month", LocalDate.class)),
                        row.getColumn("revision", Integer.class),
                        row.getColumn("filed", BigDecimal.class),
                        row.getColumn("amount", BigDecimal.class)))
                .list());
    }
}

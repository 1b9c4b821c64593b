package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.inference.analytics.freshness.FreshnessView;
import io.inference.analytics.series.Granularity;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What the wire shows of the usage of all organisations; see {@link UsageSeries}.
 *
 * @param granularity length of a bucket
 * @param start start of the range used: the one asked for, with its edge snapped
 * @param end end of the range used, exclusive, snapped likewise
 * @param timeZone whose days and months
 * @param series the points, by bucket and then by group
 * @param totals sums of the exact values of all points
 * @param availableFrom how far back data is kept
 * @param freshness how fresh the figures are, by the worst organisation
 * @param freshnessByOrg how fresh those of each organisation of the points are; only where points are split by organisation
 */
@Schema(name = "CompanyUsage")
public record CompanyUsage(
        Granularity granularity,
        Instant start,
        Instant end,
        String timeZone,
        List<UsageSeries.Point> series,
        UsageSeries.Sums totals,
        Instant availableFrom,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(required = true) FreshnessView.Summary freshness,
        @JsonInclude(JsonInclude.Include.NON_NULL)
                @Schema(description = "By organisation; only with groupBy=org, for the organisations of the points")
                List<FreshnessView.OfOrg> freshnessByOrg) {

    static CompanyUsage of(
            UsageQuery query,
            List<UsageRow> rows,
            GroupNames names,
            Instant availableFrom,
            FreshnessView.Summary freshness,
            List<FreshnessView.OfOrg> freshnessByOrg) {
        return new CompanyUsage(
                query.granularity(),
                query.range().start(),
                query.range().end(),
                query.zoneName(),
                UsageSeries.points(query, rows, names),
                UsageSeries.totals(rows),
                availableFrom,
                freshness,
                query.groupBy().contains(GroupBy.ORG) ? freshnessByOrg : null);
    }

    CompanyUsage withoutFreshness() {
        return new CompanyUsage(granularity, start, end, timeZone, series, totals, availableFrom, null, null);
    }
}

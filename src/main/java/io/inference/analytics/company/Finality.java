package io.inference.analytics.company;

import io.inference.analytics.series.Cost;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** Whether the bills of a range can still change, and whether they changed when they no longer should. */
@Schema(name = "Finality")
record Finality(
        @Schema(
                        description =
                                "final: every day of each account was read again after the fifth of the following month;"
                                        + " provisional: any day can still change",
                        enumeration = {"provisional", "final"})
                String status,
        @Schema(description = "When a day of the range was last read; null when no day was", nullable = true)
                Instant refreshedAt,
        @Schema(description = "How often days of the range were restated") long revisions,
        @Schema(
                        description =
                                "Days of bills in the range without a good import, from the first day of each account on."
                                        + " If no account had begun, all days of each")
                long missingDays,
        @Schema(description = "How often days of the range were restated after they were final") long restatements,
        @Schema(description = "What those restatements add to the bills; below zero: they are lower") Cost restated,
        @Schema(description = "The same for each account that has begun by the end of the range")
                List<Account> accounts) {

    /** The bills of one organisation of a provider. */
    @Schema(name = "FinalityOfAccount")
    record Account(
            @Schema(enumeration = {"anthropic", "cursor", "openai"}) String provider,
            @Schema(description = "The provider's name of its organisation") String organizationId,
            @Schema(description = "The first day of its bills") LocalDate since,
            @Schema(enumeration = {"provisional", "final"}) String status,
            @Schema(nullable = true) Instant refreshedAt,
            long revisions,
            long missingDays,
            long restatements,
            Cost restated) {

        static Account of(RowView row) {
            long wanted = row.getColumn("wanted", Long.class);
            return new Account(
                    row.getColumn("provider", String.class),
                    row.getColumn("org_ref", String.class),
                    row.getColumn("since", LocalDate.class),
                    word(row.getColumn("closed", Long.class) == wanted),
                    row.getColumn("refreshed_at", Instant.class),
                    row.getColumn("revisions", Long.class),
                    wanted - row.getColumn("good", Long.class),
                    row.getColumn("restatements", Long.class),
                    ProviderCosts.cost(row.getColumn("restated", BigDecimal.class)));
        }
    }

    private static final String SELECT =
            """
            with accounts as (
                select provider, org_ref, min(usage_date) as since from analytics.provider_import_day
                where dataset in ('cost', 'events') group by provider, org_ref
            ), days as (
                select d.provider, d.org_ref, count(*) filter (where status in ('ok', 'ok_empty') and closed_at is not null) as closed,
                       count(*) filter (where status in ('ok', 'ok_empty')) as good, max(last_checked_at) as refreshed_at,
                       sum(greatest(revision - 1, 0)) as revisions
                from analytics.provider_import_day d
                where dataset in ('cost', 'events') and usage_date >= :first and usage_date < :end
                group by d.provider, d.org_ref
            ), restatements as (
                select provider, organization_id as org_ref, count(*) as restatements, sum(change_usd) as restated
                from analytics.provider_restatement where usage_date >= :first and usage_date < :end
                group by provider, organization_id
            )
            select provider, org_ref, since, greatest(cast(:end as date) - greatest(since, :first), 0) as wanted,
                   coalesce(closed, 0) as closed, coalesce(good, 0) as good, refreshed_at, coalesce(revisions, 0) as revisions,
                   coalesce(restatements, 0) as restatements, coalesce(restated, 0) as restated
            from accounts left join days using (provider, org_ref) left join restatements using (provider, org_ref)
            order by provider, org_ref
            """;

    static Finality read(Handle handle, CompanyQuery query) {
        List<Account> known = handle.createQuery(SELECT)
                .bind("first", query.first())
                .bind("end", query.end())
                .map(Account::of)
                .list();
        List<Account> begun = known.stream()
                .filter(account -> account.since().isBefore(query.end()))
                .toList();
        return new Finality(
                word(!begun.isEmpty()
                        && begun.stream().allMatch(account -> account.status().equals(word(true)))),
                begun.stream()
                        .map(Account::refreshedAt)
                        .filter(Objects::nonNull)
                        .max(Comparator.naturalOrder())
                        .orElse(null),
                sum(begun, Account::revisions),
                begun.isEmpty()
                        ? known.size() * ChronoUnit.DAYS.between(query.first(), query.end())
                        : sum(begun, Account::missingDays),
                sum(begun, Account::restatements),
                ProviderCosts.cost(begun.stream()
                        .map(account -> new BigDecimal(account.restated().amount()))
                        .reduce(BigDecimal.ZERO, BigDecimal::add)),
                begun);
    }

    private static String word(boolean closed) {
        return closed ? "final" : "provisional";
    }

    private static long sum(List<Account> accounts, ToLongFunction<Account> figure) {
        return accounts.stream().mapToLong(figure).sum();
    }
}

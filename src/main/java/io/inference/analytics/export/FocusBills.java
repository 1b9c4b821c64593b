package io.inference.analytics.export;

import java.time.Instant;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/**
 * How far the bills of an organisation's days are imported. A day counts as imported when it was
 * read well after it had ended, and as final when it was read again after the fifth of the
 * following month.
 *
 * @param mapped whether any key, workspace or project belongs to the organisation on these days
 * @param missing account and day of bills that are not imported
 * @param provisional account and day of bills that can still change
 * @param refreshedAt when the last of the days was read
 */
record FocusBills(boolean mapped, List<Day> missing, Set<Day> provisional, Optional<Instant> refreshedAt) {

    private static final int NAMED_MAX = 5;

    /** A day of a provider's account; without an account where no bill of any is imported. */
    record Day(FocusIssuer issuer, Optional<String> account, LocalDate day) {

        @Override
        public String toString() {
            return day + " of " + account.orElse(issuer.title());
        }
    }

    /** The accounts in which something belongs to the organisation, from the first day that is entered. */
    private static final String DAYS =
            """
            with entered as (
                select coalesce(nullif(m.organization_id, ''), w.organization_id, k.organization_id) as account, m.valid_from,
                       case when m.organization_id <> '' then null
                            else coalesce(w.provider, k.provider, case when m.id ~ '^(proj|key)_' then 'openai' else 'anthropic' end)
                       end as provider
                from analytics.provider_org_mapping m
                left join analytics.provider_workspace w on m.kind = 'workspace' and w.workspace_id = m.id
                left join analytics.provider_api_key k on m.kind = 'key' and k.api_key_id = m.id
                where m.org_id = :org and m.valid_from < :end
            ), known as (
                select distinct provider, org_ref from analytics.provider_import_day
                where provider in ('anthropic', 'openai') and dataset = 'cost'
            ), accounts as (
                select coalesce(known.provider, entered.provider, 'anthropic') as provider, known.org_ref as account,
                       min(entered.valid_from) as since
                from entered
                left join known on coalesce(entered.provider, known.provider) = known.provider
                               and coalesce(entered.account, known.org_ref) = known.org_ref
                group by 1, 2
            )
            select accounts.provider, accounts.account, day::date as day,
                   coalesce(d.status in ('ok', 'ok_empty')
                            and d.last_checked_at >= (day::date + 1)::timestamp at time zone 'UTC', false) as imported,
                   coalesce(d.last_checked_at >= (date_trunc('month', day) + interval '1 month 4 days') at time zone 'UTC', false)
                       as settled,
                   d.last_checked_at
            from accounts
            cross join lateral generate_series(greatest(accounts.since, :first)::timestamp, (cast(:end as date) - 1)::timestamp, interval '1 day') as day
            left join analytics.provider_import_day d on d.provider = accounts.provider and d.dataset = 'cost'
             and d.org_ref = accounts.account and d.usage_date = day::date
            order by day, accounts.provider, accounts.account
            """;

    private record Line(Day day, boolean imported, boolean settled, Optional<Instant> checkedAt) {

        static Line of(RowView row) {
            return new Line(
                    new Day(
                            FocusIssuer.of(row.getColumn("provider", String.class)),
                            Optional.ofNullable(row.getColumn("account", String.class)),
                            row.getColumn("day", LocalDate.class)),
                    row.getColumn("imported", Boolean.class),
                    row.getColumn("settled", Boolean.class),
                    Optional.ofNullable(row.getColumn("last_checked_at", Instant.class)));
        }
    }

    static FocusBills read(Handle handle, UUID org, FocusDays days) {
        List<Line> lines = handle.createQuery(DAYS)
                .bind("org", org)
                .bind("first", days.first())
                .bind("end", days.end())
                .map(Line::of)
                .list();
        return new FocusBills(
                !lines.isEmpty(),
                lines.stream().filter(line -> !line.imported()).map(Line::day).toList(),
                lines.stream()
                        .filter(line -> line.imported() && !line.settled())
                        .map(Line::day)
                        .collect(Collectors.toCollection(HashSet::new)),
                lines.stream().flatMap(line -> line.checkedAt().stream()).max(Instant::compareTo));
    }

    /**
     * Fails when a bill is missing: a file without it would look complete.
     *
     * @throws ExportRefused with the first missing days
     */
    void complete() throws ExportRefused {
        if (missing.isEmpty()) {
            return;
        }
        String named = missing.stream().limit(NAMED_MAX).map(Day::toString).collect(Collectors.joining(", "))
                + (missing.size() > NAMED_MAX ? " and %d more".formatted(missing.size() - NAMED_MAX) : "");
        throw new ExportRefused(
                "A FOCUS file needs every bill of its days, and these are not imported: %s. Import them with 'providers backfill', or request days whose bills are imported."
                        .formatted(named));
    }

    /** Whether the bill of a charge can no longer change. */
    boolean settled(FocusCharge charge) {
        return charge.first()
                .datesUntil(charge.end())
                .noneMatch(day -> provisional.contains(new Day(charge.issuer(), Optional.of(charge.account()), day)));
    }
}

package io.inference.analytics.company;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;

/** Reads billed amounts of the whole company. No view that it reads contains an estimate. */
@ApplicationScoped
class ProviderCostsStore {

    private static final String SELECT = """
            select %s sum(amount_usd) as amount %s %s
            """;

    private static final String USERS =
            """
            select count(*) from (select user_email %s and user_email is not null group by 1 having sum(amount_usd) > 0) users
            """;

    private static final String BILLS =
            """
            from analytics.%s
            where cost_date >= :first and cost_date < :end
              and (:everything or coalesce(workspace_id, case source_table when 'claude_costs' then 'default' end) = any (:workspaces))
            """;

    private record Billed(ProviderCosts.Key key, BigDecimal usd) {}

    ProviderCosts read(Handle handle, CompanyQuery query) {
        List<Billed> bills = billed(handle, query);
        BigDecimal total = bills.stream().map(Billed::usd).reduce(BigDecimal.ZERO, BigDecimal::add);
        return new ProviderCosts(
                query.range().start(),
                query.range().end(),
                query.groupBy().stream().map(CompanyGroup::wireName).toList(),
                bills.stream()
                        .map(bill -> new ProviderCosts.Row(bill.key(), ProviderCosts.cost(bill.usd())))
                        .toList(),
                ProviderCosts.Totals.of(total, query.days(), users(handle, query)),
                Finality.read(handle, query));
    }

    private static List<Billed> billed(Handle handle, CompanyQuery query) {
        Set<CompanyGroup> groups = query.groupBy();
        StringBuilder columns = new StringBuilder();
        List<String> numbers = new ArrayList<>();
        for (CompanyGroup group : groups) {
            columns.append("%s as \"%s\", ".formatted(group.column(), group.field()));
            numbers.add(Integer.toString(numbers.size() + 1));
        }
        String order = String.join(", ", numbers);
        String sql = SELECT.formatted(
                columns,
                bills(query),
                groups.isEmpty() ? "having count(*) > 0" : "group by " + order + " order by " + order);
        return bind(handle.createQuery(sql), query)
                .map(row -> new Billed(key(row, groups), row.getColumn("amount", BigDecimal.class)))
                .list();
    }

    private static String bills(CompanyQuery query) {
        return BILLS.formatted(query.reportedOnly() ? "vw_reported_daily_costs" : "vw_combined_daily_costs");
    }

    private static Query bind(Query select, CompanyQuery query) {
        return select.bind("first", query.first())
                .bind("end", query.end())
                .bind("everything", query.workspaces().isEmpty())
                .bindArray("workspaces", String.class, query.workspaces());
    }

    private static long users(Handle handle, CompanyQuery query) {
        return bind(handle.createQuery(USERS.formatted(bills(query))), query)
                .mapTo(Long.class)
                .one();
    }

    private static ProviderCosts.Key key(RowView row, Set<CompanyGroup> groups) {
        return new ProviderCosts.Key(
                groups.contains(CompanyGroup.DAY)
                        ? Optional.of(row.getColumn(CompanyGroup.DAY.field(), LocalDate.class))
                        : null,
                text(row, groups, CompanyGroup.PROVIDER),
                text(row, groups, CompanyGroup.PLATFORM),
                text(row, groups, CompanyGroup.MODEL),
                text(row, groups, CompanyGroup.WORKSPACE),
                text(row, groups, CompanyGroup.USER),
                text(row, groups, CompanyGroup.TEAM),
                text(row, groups, CompanyGroup.TOKEN_TYPE),
                text(row, groups, CompanyGroup.ORGANIZATION));
    }

    /** Null when not grouped by, empty when the database has none. */
    private static Optional<String> text(RowView row, Set<CompanyGroup> groups, CompanyGroup group) {
        return groups.contains(group) ? Optional.ofNullable(row.getColumn(group.field(), String.class)) : null;
    }
}

package io.inference.analytics.company;

import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads billed amounts of the whole company; in no view that it reads stands an estimate. */
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
            where cost_date >= ? and cost_date < ?
              and (? or source_table = 'claude_costs' and coalesce(workspace_id, 'default') = any (?))
            """;

    ProviderCosts read(Connection connection, CompanyQuery query) throws SQLException {
        List<ProviderCosts.Row> rows = new ArrayList<>();
        BigDecimal total = BigDecimal.ZERO;
        Set<CompanyGroup> groups = query.groupBy();
        StringBuilder columns = new StringBuilder();
        List<String> numbers = new ArrayList<>();
        for (CompanyGroup group : groups) {
            columns.append(group.column()).append(", ");
            numbers.add(Integer.toString(numbers.size() + 1));
        }
        String order = String.join(", ", numbers);
        String sql = SELECT.formatted(
                columns,
                bills(query),
                groups.isEmpty() ? "having count(*) > 0" : "group by " + order + " order by " + order);
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            bind(select, query);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    BigDecimal amount = row.getBigDecimal("amount");
                    total = total.add(amount);
                    rows.add(new ProviderCosts.Row(key(row, groups), ProviderCosts.cost(amount)));
                }
            }
        }
        return new ProviderCosts(
                query.range().start(),
                query.range().end(),
                groups.stream().map(CompanyGroup::wireName).toList(),
                rows,
                ProviderCosts.Totals.of(total, query.days(), users(connection, query)),
                Finality.read(connection, query));
    }

    private static String bills(CompanyQuery query) {
        return BILLS.formatted(query.reportedOnly() ? "vw_reported_daily_costs" : "vw_combined_daily_costs");
    }

    private static void bind(PreparedStatement select, CompanyQuery query) throws SQLException {
        select.setObject(1, query.first());
        select.setObject(2, query.end());
        select.setBoolean(3, query.workspaces().isEmpty());
        select.setArray(
                4,
                select.getConnection().createArrayOf("text", query.workspaces().toArray()));
    }

    private static long users(Connection connection, CompanyQuery query) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(USERS.formatted(bills(query)))) {
            bind(select, query);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private static ProviderCosts.Key key(ResultSet row, Set<CompanyGroup> groups) throws SQLException {
        Optional<LocalDate> day = null;
        if (groups.contains(CompanyGroup.DAY)) {
            day = Optional.of(row.getObject(1, LocalDate.class));
        }
        List<Optional<String>> texts = new ArrayList<>();
        for (CompanyGroup group : CompanyGroup.values()) {
            if (group != CompanyGroup.DAY) {
                texts.add(text(row, groups, group));
            }
        }
        return new ProviderCosts.Key(
                day,
                texts.get(0),
                texts.get(1),
                texts.get(2),
                texts.get(3),
                texts.get(4),
                texts.get(5),
                texts.get(6),
                texts.get(7));
    }

    /** Null when not grouped by, empty when the database has none. */
    private static Optional<String> text(ResultSet row, Set<CompanyGroup> groups, CompanyGroup group)
            throws SQLException {
        int column = 0;
        for (CompanyGroup each : groups) {
            column++;
            if (each == group) {
                return Optional.ofNullable(row.getString(column));
            }
        }
        return null;
    }
}

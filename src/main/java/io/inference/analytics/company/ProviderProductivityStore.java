package io.inference.analytics.company;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads what people did with the providers' tools. */
@ApplicationScoped
class ProviderProductivityStore {

    private static final String SELECT =
            """
            select %s count(distinct user_email) filter (where active) as users, coalesce(sum(sessions), 0) as sessions,
                   coalesce(sum(added), 0) as added, coalesce(sum(removed), 0) as removed, coalesce(sum(commits), 0) as commits,
                   coalesce(sum(requests_merged), 0) as pull_requests, coalesce(sum(accepted), 0) as accepted,
                   coalesce(sum(rejected), 0) as rejected, coalesce(sum(requests), 0) as requests,
                   coalesce(sum(conversations), 0) as conversations
            from (select usage_date, platform, coalesce(user_email, api_key_id) as user_email,
                         true as active, claude_code_sessions as sessions, claude_code_lines_added as added,
                         claude_code_lines_removed as removed, claude_code_commits as commits, claude_code_prs as requests_merged,
                         tools_accepted as accepted, tools_rejected as rejected, 0 as requests, claude_ai_conversations as conversations
                  from analytics.fact_claude_daily_usage where data_source in ('claude_code_analytics', 'audit_logs')
                  union all
                  select usage_date, 'cursor', user_email, is_active, 0, accepted_lines_added, accepted_lines_deleted, 0, 0,
                         total_accepts, total_rejects, composer_requests + chat_requests + agent_requests + cmdk_usages, 0
                  from analytics.fact_cursor_daily_usage) done
            where usage_date >= ? and usage_date < ?
            %s
            """;

    ProviderProductivity read(Connection connection, CompanyQuery query) throws SQLException {
        return new ProviderProductivity(
                query.range().start(),
                query.range().end(),
                query.groupBy().stream().map(CompanyGroup::wireName).toList(),
                rows(connection, query, query.groupBy()),
                rows(connection, query, Set.of()).get(0));
    }

    private static String column(CompanyGroup group) {
        return switch (group) {
            case DAY -> "usage_date";
            case PLATFORM -> "platform";
            case USER -> "user_email";
            case PROVIDER, MODEL, WORKSPACE, TEAM, TOKEN_TYPE, ORGANIZATION ->
                throw new IllegalArgumentException(group.wireName());
        };
    }

    private static List<ProviderProductivity.Row> rows(
            Connection connection, CompanyQuery query, Set<CompanyGroup> groups) throws SQLException {
        StringBuilder columns = new StringBuilder();
        List<String> numbers = new ArrayList<>();
        for (CompanyGroup group : groups) {
            columns.append(column(group)).append(", ");
            numbers.add(Integer.toString(numbers.size() + 1));
        }
        String order = String.join(", ", numbers);
        String sql = SELECT.formatted(columns, groups.isEmpty() ? "" : "group by " + order + " order by " + order);
        List<ProviderProductivity.Row> rows = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, query.first());
            select.setObject(2, query.end());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    rows.add(row(row, groups));
                }
            }
        }
        return rows;
    }

    private static ProviderProductivity.Row row(ResultSet row, Set<CompanyGroup> groups) throws SQLException {
        Optional<LocalDate> day = null;
        Optional<String> platform = null;
        Optional<String> user = null;
        int column = 0;
        for (CompanyGroup group : groups) {
            column++;
            if (group == CompanyGroup.DAY) {
                day = Optional.of(row.getObject(column, LocalDate.class));
            } else if (group == CompanyGroup.PLATFORM) {
                platform = Optional.of(row.getString(column));
            } else {
                user = Optional.ofNullable(row.getString(column));
            }
        }
        long accepted = row.getLong("accepted");
        long rejected = row.getLong("rejected");
        return new ProviderProductivity.Row(
                day,
                platform,
                user,
                row.getLong("users"),
                row.getLong("sessions"),
                row.getLong("added"),
                row.getLong("removed"),
                row.getLong("commits"),
                row.getLong("pull_requests"),
                accepted,
                rejected,
                accepted + rejected == 0 ? null : accepted / (double) (accepted + rejected),
                row.getLong("requests"),
                row.getLong("conversations"));
    }
}

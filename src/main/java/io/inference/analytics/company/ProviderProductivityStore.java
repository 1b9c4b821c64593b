package io.inference.analytics.company;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.RowView;

/** Reads how people used the providers' tools. */
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
            where usage_date >= :first and usage_date < :end
            %s
            """;

    ProviderProductivity read(Handle handle, CompanyQuery query) {
        return new ProviderProductivity(
                query.range().start(),
                query.range().end(),
                query.groupBy().stream().map(CompanyGroup::wireName).toList(),
                rows(handle, query, query.groupBy()),
                rows(handle, query, Set.of()).get(0));
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

    private static List<ProviderProductivity.Row> rows(Handle handle, CompanyQuery query, Set<CompanyGroup> groups) {
        StringBuilder columns = new StringBuilder();
        List<String> numbers = new ArrayList<>();
        for (CompanyGroup group : groups) {
            columns.append("%s as \"%s\", ".formatted(column(group), group.field()));
            numbers.add(Integer.toString(numbers.size() + 1));
        }
        String order = String.join(", ", numbers);
        return handle.createQuery(
                        SELECT.formatted(columns, groups.isEmpty() ? "" : "group by " + order + " order by " + order))
                .bind("first", query.first())
                .bind("end", query.end())
                .map(row -> row(row, groups))
                .list();
    }

    private static ProviderProductivity.Row row(RowView row, Set<CompanyGroup> groups) {
        long accepted = row.getColumn("accepted", Long.class);
        long rejected = row.getColumn("rejected", Long.class);
        return new ProviderProductivity.Row(
                key(row, groups, CompanyGroup.DAY, LocalDate.class),
                key(row, groups, CompanyGroup.PLATFORM, String.class),
                key(row, groups, CompanyGroup.USER, String.class),
                row.getColumn("users", Long.class),
                row.getColumn("sessions", Long.class),
                row.getColumn("added", Long.class),
                row.getColumn("removed", Long.class),
                row.getColumn("commits", Long.class),
                row.getColumn("pull_requests", Long.class),
                accepted,
                rejected,
                accepted + rejected == 0 ? null : accepted / (double) (accepted + rejected),
                row.getColumn("requests", Long.class),
                row.getColumn("conversations", Long.class));
    }

    /** Null when not grouped by, empty when the database has none. */
    private static <T> Optional<T> key(RowView row, Set<CompanyGroup> groups, CompanyGroup group, Class<T> type) {
        return groups.contains(group) ? Optional.ofNullable(row.getColumn(group.field(), type)) : null;
    }
}

package io.inference.analytics.observability;

import java.util.Map;
import java.util.TreeMap;

/**
 * What each panel that asks the API shows, as SQL over the tables, with :org, :model, :first and :end in it.
 */
final class PanelSql {

    static final String BUDGET = "80000";

    /** The id of a model, and its name if it has one. */
    private static final String MODEL =
            "model_id, (select name from analytics.models named where named.model_id = usage_events.model_id)";

    private PanelSql() {}

    private static String costs(String columns, String more) {
        return "select " + columns
                + " from analytics.vw_combined_daily_costs where cost_date >= :first and cost_date < :end " + more;
    }

    private static String usage(String columns, String more) {
        return "select " + columns + " from analytics.usage_events where org_id = :org and occurred_at >= :first"
                + " and occurred_at < :end " + more;
    }

    private static String time(String unit) {
        return "to_char(date_trunc('" + unit + "', occurred_at at time zone 'UTC'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    }

    /** By file, id and title of the panel. */
    static Map<String, String> byPanel() {
        Map<String, String> queries = new TreeMap<>();
        costQueries().forEach((panel, sql) -> queries.put("provider-costs.json " + panel, sql));
        reliabilityQueries().forEach((panel, sql) -> queries.put("reliability.json " + panel, sql));
        usageQueries().forEach((panel, sql) -> queries.put("usage.json " + panel, sql));
        return queries;
    }

    private static Map<String, String> costQueries() {
        String week = "to_char(cost_date, 'IYYY-\"W\"IW')";
        String byUser = costs("user_email, sum(amount_usd)", "and user_email is not null group by 1");
        String active =
                """
                (select count(distinct user_email) from (
                    select coalesce(user_email, api_key_id) as user_email, usage_date from analytics.fact_claude_daily_usage
                    where data_source in ('claude_code_analytics', 'audit_logs')
                    union all select user_email, usage_date from analytics.fact_cursor_daily_usage where is_active) done
                 where usage_date >= :first and usage_date < :end)
                """;
        return Map.ofEntries(
                Map.entry("1 01 Total cost", costs("sum(amount_usd)", "")),
                Map.entry("2 02 Daily average", costs("round(sum(amount_usd) / 21, 8)", "")),
                Map.entry(
                        "3 03 Cost per active user",
                        costs("round(sum(amount_usd) / count(distinct user_email), 8)", "")),
                Map.entry(
                        "4 04 Budget variance",
                        costs("sum(amount_usd) - %1$s, (sum(amount_usd) - %1$s) / %1$s".formatted(BUDGET), "")),
                Map.entry(
                        "6 14 Utilisation",
                        "select users, users / 250.0, 250 - users from (select " + active + " as users) counted"),
                Map.entry("7 05 Daily spend", costs("cost_date, sum(amount_usd)", "group by 1")),
                Map.entry("8 06 Share by platform", costs("provider, sum(amount_usd)", "group by 1")),
                Map.entry("9 07 Top 15 spenders", byUser),
                Map.entry("10 08 Users by cost", byUser),
                Map.entry("11 09 Cost by model", costs(week + ", model, sum(amount_usd)", "group by 1, 2")),
                Map.entry("12 10 Cost by token type", costs(week + ", token_type, sum(amount_usd)", "group by 1, 2")),
                Map.entry(
                        "13 11 Teams",
                        """
                        select team, sum(usd), nullif(count(*) filter (where counts), 0),
                               (array_agg(user_email order by usd desc) filter (where counts))[1], max(usd) filter (where counts),
                               sum(usd) / nullif(count(*) filter (where counts), 0)
                        from (select *, user_email is not null and usd > 0 as counts from (%s) users) users group by 1
                        """
                                .formatted(costs("team, user_email, sum(amount_usd) as usd", "group by 1, 2"))),
                Map.entry(
                        "17 12 Users over the alert threshold",
                        "select count(*), max(usd) from (%s having sum(amount_usd) > 500) users"
                                .formatted(byUser.replace("sum(amount_usd)", "sum(amount_usd) as usd"))),
                Map.entry("14 12 Over the alert threshold", byUser + " having sum(amount_usd) > 500"),
                Map.entry(
                        "15 Estimates and bills",
                        """
                        select provider, model, 0, sum(amount_usd), sum(amount_usd), coalesce(sum(amount_usd) filter (where usage), 0), 0, 0, 0,
                               coalesce(sum(amount_usd) filter (where not usage), 0)
                        from (select provider, model, amount_usd, cost_category <> 'subscription' as usage from analytics.vw_combined_daily_costs
                              where cost_date >= :first and cost_date < :end) bills
                        group by 1, 2
                        union all
                        select null, coalesce(models.name, model_id::text), sum(cost_estimate_cents) / 100, 0, -sum(cost_estimate_cents) / 100, 0, 0, 0, 0,
                               -sum(cost_estimate_cents) / 100
                        from analytics.usage_events left join analytics.models using (model_id)
                        where occurred_at >= :first and occurred_at < :end group by 2
                        """));
    }

    private static Map<String, String> reliabilityQueries() {
        String errors = "count(*) filter (where status <> 'success')";
        String rate = "(" + errors + "::float8 / count(*))";
        String percentiles =
                "percentile_disc(0.5) within group (order by %1$s), percentile_disc(0.95) within group (order by %1$s),"
                        + " percentile_disc(0.99) within group (order by %1$s)";
        return Map.of(
                "2 Invocations",
                usage("count(*)", ""),
                "3 Error rate",
                usage(rate, ""),
                "7 Error rate",
                usage(time("day") + ", " + MODEL + ", " + rate, "group by 1, 2"),
                "4 Latency: p50, p95, p99",
                usage(percentiles.formatted("latency_ms"), ""),
                "8 Latency, ${percentile}",
                usage(
                        time("day") + ", " + MODEL + ", percentile_disc(0.95) within group (order by latency_ms)",
                        "group by 1, 2"),
                "9 Errors by status",
                usage(
                        time("day")
                                + ", count(*) filter (where status = 'error'), count(*) filter (where status ="
                                + " 'timeout'), count(*) filter (where status = 'throttled')",
                        "group by 1"),
                "10 Time to first token",
                usage(time("day") + ", " + percentiles.formatted("time_to_first_token_ms"), "group by 1"),
                "12 Error rate by client and hour",
                usage(time("hour") + ", nullif(client_id, ''), " + rate, "and model_id = :model group by 1, client_id"),
                "13 Hours of the model, worst first; spike: much worse than the hour before",
                usage(
                        time("hour") + ", nullif(client_id, ''), count(*), " + errors + ", " + rate
                                + ", percentile_disc(0.95) within group (order by latency_ms), null",
                        "and model_id = :model group by 1, client_id"));
    }

    private static Map<String, String> usageQueries() {
        String errors = "count(*) filter (where status <> 'success')";
        String dollars = "sum(cost_estimate_cents) / 100";
        String unpriced = "count(*) filter (where cost_estimate_cents is null)";
        String sums = "count(*), " + errors + ", sum(input_tokens), sum(output_tokens), coalesce(" + dollars + ", 0), "
                + unpriced;
        return Map.ofEntries(
                Map.entry("2 Invocations", usage("count(*)", "")),
                Map.entry("3 Errors", usage(errors, "")),
                Map.entry("4 Tokens", usage("sum(input_tokens), sum(output_tokens)", "")),
                Map.entry(
                        "11 Tokens",
                        usage(
                                time("day") + ", sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),"
                                        + " sum(cache_write_input_tokens)",
                                "group by 1")),
                Map.entry("5 Spend", usage(dollars, "")),
                Map.entry("6 Invocations without a price", usage(unpriced, "")),
                Map.entry("9 Invocations by status", usage(time("day") + ", status, count(*)", "group by 1, 2")),
                Map.entry("10 Spend by model", usage(time("day") + ", " + MODEL + ", " + dollars, "group by 1, 2")),
                Map.entry(
                        "12 Invocations by client",
                        usage(time("day") + ", nullif(client_id, ''), count(*)", "group by 1, client_id")),
                Map.entry("14 By model", usage(MODEL + ", " + sums, "group by 1")),
                Map.entry("15 By client", usage("nullif(client_id, ''), " + sums, "group by client_id")),
                Map.entry(
                        "17 Invocations and spend of the model chosen above",
                        usage(time("day") + ", count(*), " + dollars, "and model_id = :model group by 1")));
    }
}

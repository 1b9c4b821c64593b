package io.inference.analytics.observability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.Tokens;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/**
 * What each panel shows, by its own query and its own transformations, equals what SQL finds in the tables. The figures of this second, which
 * are lags, are left to {@link RestDashboardsIT}, and those of metrics to the tests of the rules.
 */
@QuarkusTest
@WithBackends
class DashboardFiguresIT {

    /** A Monday; three weeks follow. */
    private static final LocalDate FIRST = LocalDate.of(2025, 9, 29);

    private static final LocalDate END = FIRST.plusDays(21);
    private static final int BILLED_DAYS = 16;
    private static final String BUDGET = "73000";
    private static final String SEATS = "250";

    private static final Set<String> LAGS = Set.of(
            "reliability.json 5 Freshness lag", "usage.json 7 Freshness lag", "usage.json 16 Freshness by model");

    @Inject
    AgroalDataSource database;

    @Inject
    ObjectMapper json;

    private final UUID org = UUID.randomUUID();
    private final List<UUID> models = List.of(UUID.randomUUID(), UUID.randomUUID());

    @Test
    void everyPanelShowsWhatSqlFinds() throws Exception {
        storeUsage();
        try (ProviderLab lab = new ProviderLab(database)) {
            lab.empty();
            importBills(lab);
            Set<String> checked = new TreeSet<>();
            for (Path file : Promql.dashboards()) {
                JsonNode dashboard = Promql.json(file);
                for (JsonNode panel : Promql.panels(dashboard)) {
                    if (panel.at("/targets/0/url").isTextual()) {
                        String name = file.getFileName() + " " + panel.get("id").asText() + " "
                                + panel.get("title").asText();
                        if (!LAGS.contains(name)) {
                            assertPanel(name, panel);
                            checked.add(name);
                        }
                    }
                }
            }
            assertThat(checked).isEqualTo(queries().keySet());
            assertThat(new Sql(database)
                            .number("select count(*) from analytics.vw_combined_daily_costs where model is null"))
                    .as("bills of no model are among them")
                    .isPositive();
            lab.empty();
        }
    }

    private void storeUsage() throws Exception {
        StoredUsage stored = new StoredUsage();
        for (int i = 0; i < 120; i++) {
            String time = FIRST.plusDays(i % 20) + "T%02d:10:00Z".formatted(i % 24);
            stored.add(Event.of(org, models.get(i % 2), time)
                    .client(List.of("", "app", "batch").get(i % 3))
                    .status(
                            i % 10 > 0
                                    ? "success"
                                    : List.of("error", "timeout", "throttled").get(i / 10 % 3))
                    .tokens(100 + i, 10L * i)
                    .caches(i % 7, i % 5, 0)
                    .latency(200 + i, i % 4 == 0 ? null : 50L + i)
                    .cost(i % 6 == 0 ? null : "0." + (i + 1)));
        }
        stored.store(database);
    }

    private static void importBills(ProviderLab lab) throws Exception {
        ObjectNode search = ((ObjectNode) ProviderLab.f1("100").get(0).deepCopy())
                .put("description", "Web Search Usage")
                .put("cost_type", "web_search");
        for (String field : List.of("model", "token_type", "service_tier", "context_window")) {
            search.putNull(field);
        }
        lab.offerF1();
        TreeSet<LocalDate> days = new TreeSet<>();
        for (int i = 0; i < BILLED_DAYS; i++) {
            LocalDate day = FIRST.plusDays(i);
            days.add(day);
            lab.anthropicApi.cost(day, ProviderLab.f1("100." + i).add(search.put("amount", "" + (5 + i))));
            lab.anthropicApi.usage(day, ProviderLab.file("f1-usage.json").at("/data/0/results"));
            lab.openaiApi.results("costs", day, ProviderLab.file("openai-costs.json"));
            ObjectNode event = (ObjectNode) ProviderLab.file("cursor-events.json")
                    .withArray("usageEvents")
                    .get(0);
            long noon = day.atTime(12, 0).toEpochSecond(ZoneOffset.UTC) * 1000;
            lab.cursorApi.events(ProviderHttp.JSON
                    .createArrayNode()
                    .add(event.put("timestamp", Long.toString(noon)).put("chargedCents", 4000 + i)));
        }
        lab.cursorApi.daily(ProviderLab.file("cursor-daily-usage.json").withArray("data"));
        lab.at(Instant.parse("2025-10-21T13:00:00Z"));
        lab.anthropic(ProviderLab.OCT_15);
        lab.mapWorkspace();
        for (Provider provider : Provider.withApi()) {
            assertThat(lab.imports()
                            .retry(provider, days, "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
        lab.cursor(ProviderLab.OCT_15);
        lab.database.execute(
                "insert into analytics.manual_cost_entry (month, platform, amount_usd, entered_by, entered_at)"
                        + " values ('2025-10-01', 'claude_ai', 600.25, 'test', now())");
        lab.database.execute("insert into analytics.provider_person (email, team, entered_by, entered_at)"
                + " values ('alice@example.test', 'Search', 'test', now())");
    }

    private void assertPanel(String name, JsonNode panel) throws IOException {
        Map<String, PanelFrame> frames = new LinkedHashMap<>();
        for (JsonNode query : panel.get("targets")) {
            frames.put(query.path("refId").asText(), PanelFrame.of(query, answer(query)));
        }
        JsonNode steps = json.readTree(panel.path("transformations")
                .toString()
                .replace("$budget", BUDGET)
                .replace("$seats", SEATS));
        PanelFrame frame = PanelFrame.transformed(frames, steps);
        if (frame.fields().stream().anyMatch(field -> field != null && field.contains("\\"))) {
            frame = frame.melted();
        }
        List<String> shown = frame.fields();
        if (panel.get("type").asText().equals("stat")) {
            String wanted = panel.at("/options/reduceOptions/fields").asText();
            shown = shown.stream()
                    .filter(field -> wanted.isEmpty() || field.matches(".*(" + wanted.replaceAll("^/|/$", "") + ").*"))
                    .toList();
        }
        String sql = queries().get(name);
        assertThat(sql).as("SQL for the panel %s", name).isNotNull();
        List<String> expected = new Sql(database)
                        .rows(sql.replace(":org", "'" + org + "'")
                                .replace(":model", "'" + models.get(0) + "'")
                                .replace(":first", "'" + FIRST + "'")
                                .replace(":end", "'" + END + "'"))
                        .stream()
                        .map(Tuple::toList)
                        .map(row -> row.stream()
                                .map(DashboardFiguresIT::text)
                                .toList()
                                .toString())
                        .sorted()
                        .toList();
        assertThat(expected).as(name).isNotEmpty();
        List<String> found = frame.texts(shown);
        if (sql.contains("percentile_disc")) {
            assertNear(name, found, expected);
        } else {
            assertThat(found).as(name).isEqualTo(expected);
        }
    }

    /** Percentiles come from bins that are 2 percent off at most. */
    private static void assertNear(String name, List<String> found, List<String> expected) {
        assertThat(found).as(name).hasSameSizeAs(expected);
        List<String> left = new ArrayList<>(expected);
        for (String row : found) {
            assertThat(left.removeIf(other -> near(row.split(", "), other.split(", "))))
                    .as("%s: %s in %s", name, row, left)
                    .isTrue();
        }
    }

    private static boolean near(String[] found, String[] expected) {
        for (int i = 0; i < found.length; i++) {
            String one = found[i].replaceAll("[\\[\\]]", "");
            String other = expected[i].replaceAll("[\\[\\]]", "");
            boolean number = one.matches("-?[0-9.]+") && other.matches("-?[0-9.]+");
            if (number) {
                BigDecimal off =
                        new BigDecimal(one).subtract(new BigDecimal(other)).abs();
                if (off.compareTo(new BigDecimal(other).abs().multiply(new BigDecimal("0.02"))) > 0) {
                    return false;
                }
            } else if (!one.equals(other)) {
                return false;
            }
        }
        return true;
    }

    private static String text(Object value) {
        if (value instanceof Number number) {
            return PanelFrame.text(new BigDecimal(number.toString()).round(MathContext.DECIMAL128));
        }
        return PanelFrame.text(value == null ? null : value.toString());
    }

    private JsonNode answer(JsonNode query) throws IOException {
        String url = query.get("url")
                .asText()
                .replace("${org}", org.toString())
                .replace("${model}", models.get(0).toString())
                .replace("${granularity}", "day")
                .replace("${percentile}", "p95")
                .replace("${__from:date:iso}", FIRST + "T00:00:00.000Z")
                .replace("${__to:date:iso}", END + "T00:00:00.000Z");
        String body = given().auth()
                .oauth2(url.contains("/orgs") ? Tokens.of("engineer", org) : Tokens.of("company-finance"))
                .urlEncodingEnabled(false)
                .get(url)
                .then()
                .statusCode(200)
                .extract()
                .asString();
        return json.readTree(body).at("/" + query.get("root_selector").asText());
    }

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

    private static Map<String, String> queries() {
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
                Map.entry("4 04 Budget variance", costs("sum(amount_usd) - " + BUDGET, "")),
                Map.entry(
                        "6 14 Utilisation",
                        "select users, users / 250.0, 250 - users from (select " + active + " as users) counted"),
                Map.entry("7 05 Daily spend", costs("cost_date, sum(amount_usd)", "group by 1")),
                Map.entry("8 06 Share by platform", costs("provider, sum(amount_usd)", "group by 1")),
                Map.entry("9 07 Top 15 spenders", byUser),
                Map.entry("10 08 Users by cost", byUser),
                Map.entry("11 09 Cost by model", costs(week + ", model, sum(amount_usd)", "group by 1, 2")),
                Map.entry("12 10 Cost by token type", costs(week + ", token_type, sum(amount_usd)", "group by 1, 2")),
                Map.entry("13 11 Teams", costs("team, user_email, sum(amount_usd)", "group by 1, 2")),
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
                usage(time("day") + ", model_id, " + rate, "group by 1, 2"),
                "4 Latency: p50, p95, p99",
                usage(percentiles.formatted("latency_ms"), ""),
                "8 Latency, ${percentile}",
                usage(
                        time("day") + ", model_id, percentile_disc(0.95) within group (order by latency_ms)",
                        "group by 1, 2"),
                "9 Errors by status",
                usage(
                        time("day")
                                + ", count(*) filter (where status = 'error'), count(*) filter (where status = 'timeout'),"
                                + " count(*) filter (where status = 'throttled')",
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
                Map.entry("10 Spend by model", usage(time("day") + ", model_id, " + dollars, "group by 1, 2")),
                Map.entry(
                        "12 Invocations by client",
                        usage(time("day") + ", nullif(client_id, ''), count(*)", "group by 1, client_id")),
                Map.entry("14 By model", usage("model_id, " + sums + ", model_id", "group by 1")),
                Map.entry("15 By client", usage("nullif(client_id, ''), " + sums, "group by client_id")),
                Map.entry(
                        "17 Invocations and spend of the model chosen above",
                        usage(time("day") + ", count(*), " + dollars, "and model_id = :model group by 1")));
    }
}

package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.devtools.FakeCursor;
import io.inference.analytics.devtools.FakeOpenAi;
import io.inference.analytics.export.RandomMonth.Charge;
import io.inference.analytics.export.RandomMonth.Usage;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says a {@link RandomMonth} in the words of each provider. */
final class RandomMonthApis {

    private static final int USERS = 3;

    private final RandomMonth month;

    RandomMonthApis(RandomMonth month) {
        this.month = month;
    }

    void offer(FakeAnthropic api, String account, List<Charge> charges) {
        api.organization(account);
        byDay(charges, account, RandomMonthApis::cost).forEach(api::cost);
        byDay(month.usage.stream()
                        .filter(used -> used.account().equals(account))
                        .toList())
                .forEach(api::usage);
        ArrayNode workspaces = array();
        ArrayNode keys = array();
        for (int i = 1; i < 3; i++) {
            workspaces.addObject().put("id", month.workspace(account, i)).put("name", "Workspace " + i);
        }
        for (int i = 0; i < 4; i++) {
            keys.addObject()
                    .put("id", month.key(account, i))
                    .put("name", "Number " + i)
                    .put("status", "active")
                    .putObject("created_by")
                    .put("id", user(i));
        }
        api.list("workspaces", workspaces);
        api.list("api_keys", keys);
        api.list("users", users());
    }

    private String user(int number) {
        return "user_%d_%d".formatted(month.seed, number);
    }

    /** The maker of the last key is not among them. */
    private ArrayNode users() {
        ArrayNode users = array();
        for (int i = 0; i < USERS; i++) {
            users.addObject()
                    .put("id", user(i))
                    .put("email", month.users.get(i))
                    .put("name", "N " + i)
                    .put("role", "user");
        }
        return users;
    }

    private static ObjectNode cost(Charge charge) {
        BigDecimal cents = charge.usd().movePointRight(2);
        return ProviderHttp.JSON
                .createObjectNode()
                .put("currency", "USD")
                .put("amount", charge.text().length() % 2 == 0 ? cents.toPlainString() : cents.toString())
                .put("workspace_id", charge.workspace())
                .put("description", charge.text())
                .put("cost_type", charge.type())
                .put("model", charge.model())
                .put("token_type", charge.kind())
                .put("service_tier", charge.tier())
                .put("context_window", charge.window());
    }

    private static ObjectNode usage(Usage used) {
        ObjectNode node = ProviderHttp.JSON
                .createObjectNode()
                .put("uncached_input_tokens", used.tokens().get(0))
                .put("output_tokens", used.tokens().get(1))
                .put("cache_read_input_tokens", used.tokens().get(2))
                .put("api_key_id", used.key())
                .put("workspace_id", used.workspace())
                .put("model", used.model())
                .put("service_tier", used.tier())
                .put("context_window", used.window());
        node.putObject("cache_creation")
                .put("ephemeral_5m_input_tokens", used.tokens().get(3))
                .put("ephemeral_1h_input_tokens", used.tokens().get(4));
        node.putObject("server_tool_use").put("web_search_requests", 0);
        return node;
    }

    void offer(FakeOpenAi api, List<Charge> charges) {
        byDay(charges, RandomMonth.OPENAI, RandomMonthApis::line)
                .forEach((day, lines) -> api.results("costs", day, lines));
        month.days().forEach(day -> api.results("usage/completions", day, completions(day)));
        ArrayNode projects = array();
        for (int i = 1; i < 3; i++) {
            projects.addObject().put("id", month.project(i)).put("name", "Project " + i);
        }
        ArrayNode keys = array();
        keys.addObject()
                .put("id", month.key(RandomMonth.OPENAI, 0))
                .put("name", "backend")
                .putObject("owner")
                .put("type", "user")
                .putObject("user")
                .put("id", user(0));
        api.list("projects", projects);
        api.list("projects/" + month.project(1) + "/api_keys", keys);
        api.list("users", users());
    }

    /** OpenAI counts what a cache holds in its input. */
    private ArrayNode completions(LocalDate day) {
        ArrayNode results = array();
        for (Usage used : month.usage) {
            if (used.account().equals(RandomMonth.OPENAI) && used.day().equals(day)) {
                long written = used.tokens().get(3) + used.tokens().get(4);
                results.addObject()
                        .put(
                                "input_tokens",
                                used.tokens().get(0) + used.tokens().get(2) + written)
                        .put("input_cached_tokens", used.tokens().get(2))
                        .put("input_cache_write_tokens", written)
                        .put("output_tokens", used.tokens().get(1))
                        .put("num_model_requests", 1)
                        .put("project_id", used.workspace())
                        .put("api_key_id", used.key())
                        .put("model", used.model())
                        .put("batch", used.tier().equals("batch"))
                        .put("service_tier", used.tier().equals("batch") ? "default" : used.tier());
            }
        }
        return results;
    }

    private static ObjectNode line(Charge charge) {
        ObjectNode line = ProviderHttp.JSON
                .createObjectNode()
                .put("line_item", charge.text())
                .put("project_id", charge.workspace())
                .put("api_key_id", charge.key());
        line.putObject("amount").put("value", charge.usd()).put("currency", "usd");
        return line;
    }

    /** The fake forgets nothing, so corrected events need a fake of their own. */
    void offer(FakeCursor api, List<Charge> charges) {
        byDay(charges, RandomMonth.CURSOR, RandomMonthApis::event).values().forEach(api::events);
    }

    private static ObjectNode event(Charge charge) {
        boolean free = charge.type().startsWith("Errored");
        boolean billed = !free && !charge.type().startsWith("Included");
        BigDecimal cents = charge.usd().movePointRight(2);
        ObjectNode event = ProviderHttp.JSON
                .createObjectNode()
                .put(
                        "timestamp",
                        Long.toString(charge.day()
                                        .atTime(10, 0, Integer.parseInt(charge.key()))
                                        .toEpochSecond(ZoneOffset.UTC)
                                * 1000))
                .put("userEmail", charge.text())
                .put("model", charge.model())
                .put("kind", charge.type())
                .put("isTokenBasedCall", true)
                .put("isChargeable", !free)
                .put("chargedCents", billed ? cents : BigDecimal.ZERO);
        event.putObject("tokenUsage").put("inputTokens", 10).put("totalCents", cents);
        return event;
    }

    private static ArrayNode array() {
        return ProviderHttp.JSON.createArrayNode();
    }

    /** Each day of the month, because a day can lose its last line. */
    private Map<LocalDate, JsonNode> byDay(List<Charge> charges, String account, Function<Charge, ObjectNode> say) {
        Map<LocalDate, JsonNode> days = new TreeMap<>();
        month.days().forEach(day -> days.put(day, array()));
        charges.stream()
                .filter(charge -> charge.account().equals(account))
                .forEach(charge -> ((ArrayNode) days.get(charge.day())).add(say.apply(charge)));
        return days;
    }

    private static Map<LocalDate, JsonNode> byDay(List<Usage> usage) {
        return usage.stream()
                .collect(Collectors.groupingBy(
                        Usage::day,
                        Collectors.collectingAndThen(Collectors.toList(), rows -> array().addAll(rows.stream()
                                .map(RandomMonthApis::usage)
                                .toList()))));
    }
}

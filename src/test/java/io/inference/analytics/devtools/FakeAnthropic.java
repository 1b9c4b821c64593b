package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A stand-in for Anthropic's Admin API, for tests and the local stack: checks headers and parameters,
 * groups, and pages with opaque tokens.
 */
public final class FakeAnthropic extends FakeServer {

    public static final String KEY = "sk-ant-admin01-fake-0000000000";
    public static final String ORG = "00000000-0000-4000-8000-000000000001";

    private static final List<String> USAGE_DIMENSIONS =
            List.of("api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo");

    /** What the cost report shows only when it is grouped by description. */
    private static final List<String> DESCRIBED = List.of(
            "description", "cost_type", "model", "token_type", "service_tier", "context_window", "inference_geo");

    private static final List<String> MEASURES = List.of(
            "amount",
            "uncached_input_tokens",
            "cache_creation",
            "cache_read_input_tokens",
            "output_tokens",
            "server_tool_use");

    private final Map<LocalDate, List<ObjectNode>> costs = new ConcurrentHashMap<>();
    private final Map<LocalDate, List<ObjectNode>> usage = new ConcurrentHashMap<>();
    private final Map<LocalDate, List<ObjectNode>> claudeCode = new ConcurrentHashMap<>();
    private final Map<String, List<ObjectNode>> lists = new ConcurrentHashMap<>();
    private final Map<LocalDate, String> starts = new ConcurrentHashMap<>();
    private volatile LocalDate forgottenFrom = LocalDate.MAX;
    private volatile String organization = ORG;

    private FakeAnthropic(int port) {
        super(port);
    }

    public static FakeAnthropic started() {
        return startedAt(0);
    }

    /** @param port that a service knows already; 0 for a free one */
    public static FakeAnthropic startedAt(int port) {
        FakeAnthropic fake = new FakeAnthropic(port);
        fake.start();
        return fake;
    }

    /** Results of the cost report of a day, at its finest grain. */
    public void cost(LocalDate day, JsonNode results) {
        costs.put(day, objects(results));
    }

    /** Results of the usage report of a day, at its finest grain. */
    public void usage(LocalDate day, JsonNode results) {
        usage.put(day, objects(results));
    }

    /** Records of the Claude Code report of a day. */
    public void claudeCode(LocalDate day, JsonNode records) {
        claudeCode.put(day, objects(records));
    }

    /** One of workspaces, api_keys and users. */
    public void list(String name, JsonNode entries) {
        lists.put(name, objects(entries));
    }

    /** What the key belongs to; {@link #ORG} otherwise. */
    public void organization(String id) {
        organization = id;
    }

    /** From now on the day's bucket says that it starts then. */
    public void startingAt(LocalDate day, String text) {
        starts.put(day, text);
    }

    /** From now on reports have no bucket for this day and those after it, as if nobody had asked. */
    public void forgetDaysFrom(LocalDate day) {
        forgottenFrom = day;
    }

    @Override
    String key() {
        return KEY;
    }

    @Override
    ObjectNode error(int status, String message) {
        String type =
                switch (status) {
                    case 401 -> "authentication_error";
                    case 403 -> "permission_error";
                    case 404 -> "not_found_error";
                    case 429 -> "rate_limit_error";
                    case 500 -> "api_error";
                    case 529 -> "overloaded_error";
                    default -> "invalid_request_error";
                };
        ObjectNode error = JSON.createObjectNode().put("type", "error").put("request_id", "req_fake");
        error.putObject("error").put("type", type).put("message", message);
        return error;
    }

    @Override
    ObjectNode answer(HttpExchange request, byte[] body) throws Refused {
        String key = request.getRequestHeaders().getFirst("x-api-key");
        if (key == null || !key.startsWith("sk-ant-admin01-")) {
            throw new Refused(401, "invalid x-api-key");
        }
        if (request.getRequestHeaders().getFirst("anthropic-version") == null) {
            throw new Refused(400, "anthropic-version: header is required");
        }
        FakeQuery query = FakeQuery.of(
                Optional.ofNullable(request.getRequestURI().getRawQuery()).orElse(""));
        String path = request.getRequestURI().getPath().replace("/v1/organizations/", "");
        return switch (path) {
            case "me" ->
                JSON.createObjectNode()
                        .put("id", organization)
                        .put("type", "organization")
                        .put("name", "Example Test Org");
            case "cost_report" -> report(query, costs, List.of("workspace_id", "description"));
            case "usage_report/messages" -> report(query, usage, USAGE_DIMENSIONS);
            case "usage_report/claude_code" -> claudeCode(query);
            case "workspaces", "api_keys", "users" -> list(query, lists.getOrDefault(path, List.of()));
            default -> throw new Refused(404, "Not found");
        };
    }

    private static ObjectNode paged(List<ObjectNode> all, FakeQuery query, int limit) throws Refused {
        int from = query.offset();
        int to = Math.min(all.size(), from + limit);
        ObjectNode answer = JSON.createObjectNode();
        answer.putArray("data").addAll(all.subList(Math.min(from, to), to));
        answer.put("has_more", to < all.size());
        answer.put("next_page", to < all.size() ? query.token(to) : null);
        return answer;
    }

    private ObjectNode report(FakeQuery query, Map<LocalDate, List<ObjectNode>> days, List<String> groups)
            throws Refused {
        LocalDate first = query.day("starting_at").orElseThrow(() -> new Refused(400, "starting_at: no RFC 3339 time"));
        LocalDate end = query.day("ending_at").orElseGet(() -> LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC)
                .plusDays(1));
        if (!end.isAfter(first)) {
            throw new Refused(400, "ending_at: must be later than starting_at");
        }
        if (!query.one("bucket_width").orElse("1d").equals("1d")) {
            throw new Refused(400, "bucket_width: Input should be '1d'");
        }
        List<String> by = query.all("group_by[]");
        if (!groups.containsAll(by) || query.has("group_by")) {
            throw new Refused(400, "group_by: Input should be " + groups);
        }
        List<ObjectNode> buckets = new ArrayList<>();
        for (LocalDate day = first; day.isBefore(end) && day.isBefore(forgottenFrom); day = day.plusDays(1)) {
            ObjectNode bucket = JSON.createObjectNode()
                    .put("starting_at", starts.getOrDefault(day, day + "T00:00:00Z"))
                    .put("ending_at", day.plusDays(1) + "T00:00:00Z");
            bucket.putArray("results").addAll(grouped(days.getOrDefault(day, List.of()), by, groups));
            buckets.add(bucket);
        }
        return paged(buckets, query, query.limit(7, 31));
    }

    private static List<ObjectNode> grouped(List<ObjectNode> results, List<String> by, List<String> groups) {
        Map<String, ObjectNode> sums = new LinkedHashMap<>();
        for (ObjectNode result : results) {
            ObjectNode shown = result.deepCopy();
            for (String group : groups) {
                if (!by.contains(group)) {
                    List<String> hidden = group.equals("description") ? DESCRIBED : List.of(group);
                    hidden.forEach(shown::putNull);
                }
            }
            String key = shown.deepCopy().remove(MEASURES).toString();
            ObjectNode sum = sums.putIfAbsent(key, shown);
            if (sum != null) {
                add(sum, shown);
            }
        }
        return new ArrayList<>(sums.values());
    }

    private static void add(ObjectNode sum, ObjectNode more) {
        more.properties().forEach(field -> {
            JsonNode value = field.getValue();
            if (field.getKey().equals("amount")) {
                sum.put(
                        "amount",
                        new BigDecimal(sum.get("amount").asText())
                                .add(new BigDecimal(value.asText()))
                                .toPlainString());
            } else if (value.isObject()) {
                add((ObjectNode) sum.get(field.getKey()), (ObjectNode) value);
            } else if (value.isNumber()) {
                sum.put(field.getKey(), sum.get(field.getKey()).asLong() + value.asLong());
            }
        });
    }

    private ObjectNode claudeCode(FakeQuery query) throws Refused {
        String start = query.one("starting_at")
                .filter(text -> text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}"))
                .orElseThrow(() -> new Refused(400, "starting_at: Input should be a date"));
        return paged(claudeCode.getOrDefault(LocalDate.parse(start), List.of()), query, query.limit(20, 1000));
    }

    /** Lists are paged by the id of the last entry. */
    private static ObjectNode list(FakeQuery query, List<ObjectNode> all) throws Refused {
        int limit = query.limit(20, 1000);
        List<String> ids = all.stream().map(entry -> entry.path("id").asText()).toList();
        int from = query.one("after_id").map(ids::indexOf).orElse(-1) + 1;
        int to = Math.min(all.size(), from + limit);
        ObjectNode answer = JSON.createObjectNode();
        answer.putArray("data").addAll(all.subList(from, to));
        answer.put("has_more", to < all.size());
        answer.put("first_id", from < to ? ids.get(from) : null);
        answer.put("last_id", from < to ? ids.get(to - 1) : null);
        return answer;
    }
}

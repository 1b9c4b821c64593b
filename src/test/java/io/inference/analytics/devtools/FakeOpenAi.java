package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A stand-in for OpenAI's Costs and Usage APIs: checks the key and the parameters, and pages with opaque
 * tokens. Results are offered at the grain that the client asks for.
 */
public final class FakeOpenAi extends FakeServer {

    public static final String KEY = "sk-admin-fake-0000000000";

    private static final String PREFIX = "/v1/organization/";
    private static final int USAGE_BUCKETS_MAX = 31;
    private static final int COST_BUCKETS_MAX = 180;

    /** By report and day. */
    private final Map<String, Map<LocalDate, List<ObjectNode>>> reports = new ConcurrentHashMap<>();

    private final Map<String, List<ObjectNode>> lists = new ConcurrentHashMap<>();

    private volatile LocalDate doubled = LocalDate.MIN;
    private volatile LocalDate forgottenFrom = LocalDate.MAX;

    private FakeOpenAi() {
        super(0);
    }

    public static FakeOpenAi started() {
        FakeOpenAi fake = new FakeOpenAi();
        fake.start();
        return fake;
    }

    /** Results of a day; the report is {@code costs} or such as {@code usage/completions}. */
    public void results(String report, LocalDate day, JsonNode results) {
        reports.computeIfAbsent(report, any -> new ConcurrentHashMap<>()).put(day, objects(results));
    }

    /** One of {@code projects}, {@code users} and such as {@code projects/proj_a/api_keys}. */
    public void list(String path, JsonNode entries) {
        lists.put(path, objects(entries));
    }

    /** The day's bucket comes twice. */
    public void repeatBucket(LocalDate day) {
        doubled = day;
    }

    /** Reports have no bucket for this day and those after it. */
    public void forgetDaysFrom(LocalDate day) {
        forgottenFrom = day;
    }

    @Override
    String key() {
        return KEY;
    }

    @Override
    ObjectNode error(int status, String message) {
        ObjectNode error = JSON.createObjectNode();
        error.putObject("error")
                .put("message", message)
                .put("type", status == 429 ? "rate_limit_exceeded" : "invalid_request_error")
                .putNull("param")
                .put("code", status == 401 ? "invalid_api_key" : null);
        return error;
    }

    @Override
    ObjectNode answer(HttpExchange request, byte[] body) throws Refused {
        String sent = Optional.ofNullable(request.getRequestHeaders().getFirst("Authorization"))
                .orElse("");
        if (sent.startsWith("Bearer sk-proj-")) {
            throw new Refused(403, "You have insufficient permissions for this operation.");
        }
        if (!sent.startsWith("Bearer sk-admin-")) {
            throw new Refused(401, "Incorrect API key provided.");
        }
        FakeQuery query = FakeQuery.of(
                Optional.ofNullable(request.getRequestURI().getRawQuery()).orElse(""));
        String path = request.getRequestURI().getPath().substring(PREFIX.length());
        if (path.equals("projects") || path.equals("users") || path.matches("projects/[^/]+/api_keys")) {
            return list(lists.getOrDefault(path, List.of()), query);
        }
        if (!path.equals("costs") && !path.startsWith("usage/")) {
            throw new Refused(404, "Unknown request URL");
        }
        int max = path.equals("costs") ? COST_BUCKETS_MAX : USAGE_BUCKETS_MAX;
        return page(buckets(path, day(query, "start_time"), day(query, "end_time")), query, query.limit(7, max));
    }

    private static LocalDate day(FakeQuery query, String name) throws Refused {
        String text = query.one(name).orElse("");
        if (!text.matches("[0-9]{1,12}")) {
            throw new Refused(400, name + ": expected Unix seconds");
        }
        return LocalDate.ofInstant(Instant.ofEpochSecond(Long.parseLong(text)), ZoneOffset.UTC);
    }

    private List<ObjectNode> buckets(String report, LocalDate first, LocalDate end) {
        List<ObjectNode> buckets = new ArrayList<>();
        for (LocalDate day = first; day.isBefore(end) && day.isBefore(forgottenFrom); day = day.plusDays(1)) {
            for (int times = day.equals(doubled) ? 2 : 1; times > 0; times--) {
                ObjectNode bucket = JSON.createObjectNode()
                        .put("object", "bucket")
                        .put("start_time", seconds(day))
                        .put("end_time", seconds(day.plusDays(1)));
                bucket.putArray("results")
                        .addAll(reports.getOrDefault(report, Map.of()).getOrDefault(day, List.of()));
                buckets.add(bucket);
            }
        }
        return buckets;
    }

    private static long seconds(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toEpochSecond();
    }

    /** Lists continue after an id, and reports with a token. */
    private static ObjectNode list(List<ObjectNode> all, FakeQuery query) throws Refused {
        int limit = query.limit(20, 100);
        Optional<String> after = query.one("after");
        int from = 0;
        while (after.isPresent() && !all.get(from++).path("id").asText().equals(after.get())) {}
        List<ObjectNode> some = all.subList(from, Math.min(all.size(), from + limit));
        ObjectNode answer = JSON.createObjectNode().put("object", "list");
        answer.putArray("data").addAll(some);
        return answer.put("has_more", from + some.size() < all.size())
                .put(
                        "last_id",
                        some.isEmpty()
                                ? null
                                : some.get(some.size() - 1).path("id").asText());
    }

    private static ObjectNode page(List<ObjectNode> all, FakeQuery query, int limit) throws Refused {
        int from = Math.min(all.size(), query.offset());
        int to = Math.min(all.size(), from + limit);
        ObjectNode answer = JSON.createObjectNode().put("object", "page");
        answer.putArray("data").addAll(all.subList(from, to));
        return answer.put("has_more", to < all.size()).put("next_page", to < all.size() ? query.token(to) : null);
    }
}

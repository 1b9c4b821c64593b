package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A stand-in for the Admin APIs of Anthropic and Cursor, for tests and the local stack: checks headers and parameters, groups, pages
 * with opaque tokens, and fails where it is told to.
 */
public final class FakeProviders implements AutoCloseable {

    public static final String ANTHROPIC_KEY = "sk-ant-admin01-fake-0000000000";
    public static final String CURSOR_KEY = "key_fake0000000000000000000000";
    public static final String ORG = "00000000-0000-4000-8000-000000000001";

    /** What can go wrong with an answer. */
    public enum Fault {
        RATE_LIMITED,
        RATE_LIMITED_WITH_RETRY_AFTER,
        SERVER_ERROR,
        OVERLOADED,
        NO_ANSWER,
        BROKEN_JSON,
        CUT,
        /** More pages are promised, but there is no token. */
        LOST_PAGE,
        /** The token of the page at hand again. */
        SAME_PAGE,
        FORBIDDEN
    }

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fake-providers");
        thread.setDaemon(true);
        return thread;
    });
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<LocalDate, List<ObjectNode>> costs = new ConcurrentHashMap<>();
    private final Map<LocalDate, List<ObjectNode>> usage = new ConcurrentHashMap<>();
    private final Map<LocalDate, List<ObjectNode>> claudeCode = new ConcurrentHashMap<>();
    private final Map<String, List<ObjectNode>> lists = new ConcurrentHashMap<>();
    private final List<ObjectNode> cursorDaily = new CopyOnWriteArrayList<>();
    private final List<ObjectNode> cursorEvents = new CopyOnWriteArrayList<>();
    private volatile ObjectNode cursorSpend = JSON.createObjectNode();
    private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
    private final Map<String, Deque<Fault>> faultsOfDates = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Deque<Instant> cursorRequests = new ArrayDeque<>();
    private volatile boolean cursorLimiter;
    private volatile CountDownLatch gate;
    private volatile String organization = ORG;
    private volatile String retryAfter = "1";
    private volatile boolean firstPageOnly;

    private FakeProviders(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    /** On a port of the machine's loopback; 0 takes a free one. */
    public static FakeProviders start(int port) {
        try {
            return new FakeProviders(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Method, path and query of every request so far. */
    public List<String> requests() {
        return requests;
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

    public void cursorDaily(JsonNode rows) {
        cursorDaily.addAll(objects(rows));
    }

    public void cursorEvents(JsonNode events) {
        cursorEvents.addAll(objects(events));
    }

    public void cursorSpend(JsonNode spend) {
        cursorSpend = (ObjectNode) spend;
    }

    /** What the key belongs to; {@link #ORG} elsewise. */
    public void organization(String id) {
        organization = id;
    }

    /** What {@link Fault#RATE_LIMITED_WITH_RETRY_AFTER} asks for; one second elsewise. */
    public void retryAfter(String header) {
        retryAfter = header;
    }

    /** From now on Cursor does not look at the number of the page, and always promises more. */
    public void forgetPages() {
        firstPageOnly = true;
    }

    /** Only 20 requests to Cursor in a minute. */
    public void limitCursor() {
        cursorLimiter = true;
    }

    /** The next requests to paths that end so fail, one after the other. */
    public void fail(String path, Fault... next) {
        faults.computeIfAbsent(path, any -> new ArrayDeque<>()).addAll(List.of(next));
    }

    /** Requests to paths that end so and whose query names the day fail as often as faults are given. */
    public void failDate(String path, LocalDate day, Fault... next) {
        faultsOfDates
                .computeIfAbsent(path + "|" + day, any -> new ArrayDeque<>())
                .addAll(List.of(next));
    }

    /** Holds all answers until the latch is down. */
    public void holdUntil(CountDownLatch latch) {
        gate = latch;
    }

    private static List<ObjectNode> objects(JsonNode array) {
        List<ObjectNode> objects = new ArrayList<>();
        array.forEach(item -> objects.add(((ObjectNode) item).deepCopy()));
        return objects;
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    /** An answer that is an error. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query =
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
        requests.add(exchange.getRequestMethod() + " " + path + "?" + query);
        byte[] body = exchange.getRequestBody().readAllBytes();
        boolean cursor = path.startsWith("/teams/");
        try (exchange) {
            CountDownLatch held = gate;
            if (held != null && !held.await(30, TimeUnit.SECONDS)) {
                return;
            }
            Optional<Fault> fault = fault(path, query);
            if (fault.isPresent() && broken(exchange, fault.get(), cursor)) {
                return;
            }
            ObjectNode answer = cursor ? cursor(exchange, path, body) : anthropic(exchange, path, query);
            fault.ifPresent(kind -> spoil(kind, answer, query));
            send(exchange, 200, answer.toString());
        } catch (Refused e) {
            send(exchange, e.status, error(e.status, e.getMessage(), cursor));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Fault> fault(String path, String query) {
        for (Map.Entry<String, Deque<Fault>> entry : faultsOfDates.entrySet()) {
            String[] of = entry.getKey().split("\\|", 2);
            if (path.endsWith(of[0]) && query.contains("starting_at=" + of[1])) {
                synchronized (entry.getValue()) {
                    if (!entry.getValue().isEmpty()) {
                        return Optional.of(entry.getValue().removeFirst());
                    }
                }
            }
        }
        for (Map.Entry<String, Deque<Fault>> entry : faults.entrySet()) {
            if (path.endsWith(entry.getKey())) {
                synchronized (entry.getValue()) {
                    if (!entry.getValue().isEmpty()) {
                        return Optional.of(entry.getValue().removeFirst());
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** @return whether there is no other answer */
    private boolean broken(HttpExchange exchange, Fault fault, boolean cursor)
            throws IOException, InterruptedException {
        switch (fault) {
            case RATE_LIMITED -> send(exchange, 429, error(429, "Too many requests", cursor));
            case RATE_LIMITED_WITH_RETRY_AFTER -> {
                exchange.getResponseHeaders().set("retry-after", retryAfter);
                send(exchange, 429, error(429, "Too many requests", cursor));
            }
            case SERVER_ERROR -> send(exchange, 500, error(500, "Internal error with " + ANTHROPIC_KEY, cursor));
            case OVERLOADED -> send(exchange, 529, error(529, "Overloaded", cursor));
            case FORBIDDEN -> send(exchange, 403, error(403, "Not for " + ANTHROPIC_KEY, cursor));
            case NO_ANSWER -> {
                boolean ended = closed.await(60, TimeUnit.SECONDS);
                requests.add("no answer given, closed=" + ended);
            }
            case BROKEN_JSON -> send(exchange, 200, "{\"data\": [");
            case CUT -> {
                exchange.sendResponseHeaders(200, 1_000_000);
                exchange.getResponseBody().write("{\"data\": [".getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
            case LOST_PAGE, SAME_PAGE -> {
                return false;
            }
        }
        return true;
    }

    private static void spoil(Fault fault, ObjectNode answer, String query) {
        if (fault == Fault.LOST_PAGE) {
            answer.put("has_more", true).putNull("next_page");
        } else if (fault == Fault.SAME_PAGE) {
            String page =
                    parameters(query).getOrDefault("page", List.of("page_x")).get(0);
            answer.put("has_more", true).put("next_page", page);
        }
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String error(int status, String message, boolean cursor) {
        ObjectNode error = JSON.createObjectNode();
        if (cursor) {
            return error.put("error", status == 429 ? "Too Many Requests" : "Error")
                    .put("message", message)
                    .toString();
        }
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
        error.put("type", "error").putObject("error").put("type", type).put("message", message);
        return error.put("request_id", "req_fake").toString();
    }

    private static Map<String, List<String>> parameters(String query) {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (String pair : query.isEmpty() ? new String[0] : query.split("&")) {
            String[] parts = pair.split("=", 2);
            parameters
                    .computeIfAbsent(URLDecoder.decode(parts[0], StandardCharsets.UTF_8), any -> new ArrayList<>())
                    .add(URLDecoder.decode(parts.length > 1 ? parts[1] : "", StandardCharsets.UTF_8));
        }
        return parameters;
    }

    // --- Anthropic ---

    private ObjectNode anthropic(HttpExchange exchange, String path, String query) throws Refused {
        String key = exchange.getRequestHeaders().getFirst("x-api-key");
        if (key == null || !key.startsWith("sk-ant-admin01-")) {
            throw new Refused(401, "invalid x-api-key");
        }
        if (exchange.getRequestHeaders().getFirst("anthropic-version") == null) {
            throw new Refused(400, "anthropic-version: header is required");
        }
        Map<String, List<String>> parameters = parameters(query);
        return switch (path.replace("/v1/organizations/", "")) {
            case "me" ->
                JSON.createObjectNode()
                        .put("id", organization)
                        .put("type", "organization")
                        .put("name", "Example Test Org");
            case "cost_report" -> report(parameters, costs, List.of("workspace_id", "description"), true);
            case "usage_report/messages" ->
                report(
                        parameters,
                        usage,
                        List.of(
                                "api_key_id",
                                "workspace_id",
                                "model",
                                "service_tier",
                                "context_window",
                                "inference_geo"),
                        false);
            case "usage_report/claude_code" -> claudeCode(parameters);
            case "workspaces", "api_keys", "users" -> list(parameters, path.replaceFirst(".*/", ""));
            default -> throw new Refused(404, "Not found");
        };
    }

    private static String one(Map<String, List<String>> parameters, String name) {
        return parameters.getOrDefault(name, List.of("")).get(0);
    }

    private static int limit(Map<String, List<String>> parameters, int byDefault, int max) throws Refused {
        String text = one(parameters, "limit");
        if (text.isEmpty()) {
            return byDefault;
        }
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > max) {
            throw new Refused(400, "limit: Input should be between 1 and " + max);
        }
        return Integer.parseInt(text);
    }

    private static LocalDate day(String text) throws Refused {
        try {
            return OffsetDateTime.parse(text)
                    .withOffsetSameInstant(ZoneOffset.UTC)
                    .toLocalDate();
        } catch (DateTimeException e) {
            throw new Refused(400, "starting_at: no RFC 3339 time");
        }
    }

    /** Tokens hold for the query that they were given for, and mean nothing to a reader. */
    private static int offset(Map<String, List<String>> parameters) throws Refused {
        String token = one(parameters, "page");
        if (token.isEmpty()) {
            return 0;
        }
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(token.substring(5)), StandardCharsets.UTF_8)
                    .split("\\|", 2);
            if (parts[1].equals(queryHash(parameters))) {
                return Integer.parseInt(parts[0]);
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new Refused(400, "page: invalid token");
        }
        throw new Refused(400, "page: token of another query");
    }

    private static String token(int offset, Map<String, List<String>> parameters) {
        return "page_"
                + Base64.getUrlEncoder()
                        .encodeToString((offset + "|" + queryHash(parameters)).getBytes(StandardCharsets.UTF_8));
    }

    private static String queryHash(Map<String, List<String>> parameters) {
        Map<String, List<String>> rest = new TreeMap<>(parameters);
        rest.remove("page");
        return Integer.toHexString(rest.hashCode());
    }

    private static ObjectNode paged(List<ObjectNode> all, Map<String, List<String>> parameters, int limit)
            throws Refused {
        int from = offset(parameters);
        int to = Math.min(all.size(), from + limit);
        ObjectNode answer = JSON.createObjectNode();
        answer.putArray("data").addAll(all.subList(Math.min(from, to), to));
        answer.put("has_more", to < all.size());
        answer.put("next_page", to < all.size() ? token(to, parameters) : null);
        return answer;
    }

    private static ObjectNode report(
            Map<String, List<String>> parameters,
            Map<LocalDate, List<ObjectNode>> days,
            List<String> groups,
            boolean money)
            throws Refused {
        LocalDate first = day(one(parameters, "starting_at"));
        LocalDate end = one(parameters, "ending_at").isEmpty()
                ? LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).plusDays(1)
                : day(one(parameters, "ending_at"));
        if (!end.isAfter(first)) {
            throw new Refused(400, "ending_at: must be later than starting_at");
        }
        if (!List.of("", "1d").contains(one(parameters, "bucket_width"))) {
            throw new Refused(400, "bucket_width: Input should be '1d'");
        }
        List<String> by = parameters.getOrDefault("group_by[]", List.of());
        if (!groups.containsAll(by) || parameters.containsKey("group_by")) {
            throw new Refused(400, "group_by: Input should be " + groups);
        }
        List<ObjectNode> buckets = new ArrayList<>();
        for (LocalDate day = first; day.isBefore(end); day = day.plusDays(1)) {
            ObjectNode bucket = JSON.createObjectNode()
                    .put("starting_at", day + "T00:00:00Z")
                    .put("ending_at", day.plusDays(1) + "T00:00:00Z");
            bucket.putArray("results").addAll(grouped(days.getOrDefault(day, List.of()), by, money));
            buckets.add(bucket);
        }
        return paged(buckets, parameters, limit(parameters, 7, 31));
    }

    private static List<ObjectNode> grouped(List<ObjectNode> results, List<String> by, boolean money) {
        Map<String, ObjectNode> groups = new LinkedHashMap<>();
        for (ObjectNode result : results) {
            ObjectNode shown = result.deepCopy();
            if (money) {
                if (!by.contains("workspace_id")) {
                    shown.putNull("workspace_id");
                }
                if (!by.contains("description")) {
                    List.of(
                                    "description",
                                    "cost_type",
                                    "model",
                                    "token_type",
                                    "service_tier",
                                    "context_window",
                                    "inference_geo")
                            .forEach(shown::putNull);
                }
            } else {
                for (String dimension : List.of(
                        "api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo")) {
                    if (!by.contains(dimension)) {
                        shown.putNull(dimension);
                    }
                }
            }
            ObjectNode key = shown.deepCopy();
            key.remove(List.of(
                    "amount",
                    "uncached_input_tokens",
                    "cache_creation",
                    "cache_read_input_tokens",
                    "output_tokens",
                    "server_tool_use"));
            ObjectNode sum = groups.putIfAbsent(key.toString(), shown);
            if (sum != null) {
                add(sum, shown);
            }
        }
        return new ArrayList<>(groups.values());
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

    private ObjectNode claudeCode(Map<String, List<String>> parameters) throws Refused {
        String start = one(parameters, "starting_at");
        if (!start.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
            throw new Refused(400, "starting_at: Input should be a date");
        }
        return paged(
                claudeCode.getOrDefault(LocalDate.parse(start), List.of()), parameters, limit(parameters, 20, 1000));
    }

    private ObjectNode list(Map<String, List<String>> parameters, String name) throws Refused {
        List<ObjectNode> all = lists.getOrDefault(name, List.of());
        int limit = limit(parameters, 20, 1000);
        String after = one(parameters, "after_id");
        int from = 0;
        for (int i = 0; i < all.size() && !after.isEmpty(); i++) {
            from = all.get(i).path("id").asText().equals(after) ? i + 1 : from;
        }
        List<ObjectNode> part = all.subList(from, Math.min(all.size(), from + limit));
        ObjectNode answer = JSON.createObjectNode();
        answer.putArray("data").addAll(part);
        answer.put("has_more", from + part.size() < all.size());
        answer.put("first_id", part.isEmpty() ? null : part.get(0).path("id").asText());
        answer.put(
                "last_id",
                part.isEmpty() ? null : part.get(part.size() - 1).path("id").asText());
        return answer;
    }

    // --- Cursor ---

    private ObjectNode cursor(HttpExchange exchange, String path, byte[] body) throws Refused {
        String wanted =
                "Basic " + Base64.getEncoder().encodeToString((CURSOR_KEY + ":").getBytes(StandardCharsets.UTF_8));
        if (!wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            throw new Refused(401, "Invalid API key");
        }
        limitRate();
        JsonNode asked;
        try {
            asked = body.length == 0 ? JSON.createObjectNode() : JSON.readTree(body);
        } catch (IOException e) {
            throw new Refused(400, "no JSON");
        }
        return switch (path) {
            case "/teams/members" -> {
                ObjectNode answer = JSON.createObjectNode();
                answer.putArray("teamMembers").addAll(lists.getOrDefault("members", List.of()));
                yield answer;
            }
            case "/teams/daily-usage-data" -> {
                // As the real one does: the days beside the asked ones may come along.
                range(asked);
                yield page(asked, "data", List.copyOf(cursorDaily));
            }
            case "/teams/filtered-usage-events" -> {
                long[] range = range(asked);
                yield page(
                        asked,
                        "usageEvents",
                        cursorEvents.stream()
                                .filter(event -> event.path("timestamp").asLong() >= range[0]
                                        && event.path("timestamp").asLong() <= range[1] + 3_600_000)
                                .toList());
            }
            case "/teams/spend" -> cursorSpend.deepCopy();
            default -> throw new Refused(404, "Not found");
        };
    }

    private synchronized void limitRate() throws Refused {
        if (!cursorLimiter) {
            return;
        }
        Instant now = Instant.now();
        while (!cursorRequests.isEmpty() && cursorRequests.peekFirst().isBefore(now.minus(1, ChronoUnit.MINUTES))) {
            cursorRequests.removeFirst();
        }
        if (cursorRequests.size() >= 20) {
            throw new Refused(429, "Rate limit exceeded");
        }
        cursorRequests.addLast(now);
    }

    private static long[] range(JsonNode asked) throws Refused {
        if (!asked.path("startDate").isNumber() || !asked.path("endDate").isNumber()) {
            throw new Refused(400, "startDate and endDate are required");
        }
        long start = asked.path("startDate").asLong();
        long end = asked.path("endDate").asLong();
        if (end <= start || end - start > 30L * 24 * 3_600_000) {
            throw new Refused(400, "Date range cannot exceed 30 days");
        }
        return new long[] {start, end};
    }

    private ObjectNode page(JsonNode asked, String field, List<ObjectNode> all) {
        int number = firstPageOnly ? 1 : asked.path("page").asInt(1);
        int size = asked.path("pageSize").asInt(10);
        int pages = Math.max(1, (all.size() + size - 1) / size);
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode part = answer.putArray(field);
        all.stream().skip((number - 1L) * size).limit(size).forEach(part::add);
        answer.putObject("pagination")
                .put("numPages", pages)
                .put("currentPage", number)
                .put("pageSize", size)
                .put("hasNextPage", number < pages || firstPageOnly)
                .put("hasPreviousPage", number > 1);
        return answer;
    }
}

package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A stand-in for Cursor's Admin API, for tests and the local stack: checks the key and the bodies,
 * pages by number, and limits the rate where it is told to.
 */
public final class FakeCursor extends FakeServer {

    public static final String KEY = "key_fake0000000000000000000000";

    private static final int REQUESTS_PER_MINUTE = 20;
    private static final long HOUR_MILLIS = 3_600_000;

    private final List<ObjectNode> members = new CopyOnWriteArrayList<>();
    private final List<ObjectNode> daily = new CopyOnWriteArrayList<>();
    private final List<ObjectNode> events = new CopyOnWriteArrayList<>();
    private final Deque<Instant> recent = new ArrayDeque<>();
    private final Queue<Consumer<List<ObjectNode>>> betweenPages = new ConcurrentLinkedQueue<>();
    private volatile Consumer<ObjectNode> distortion;
    private volatile ObjectNode spend = JSON.createObjectNode();
    private volatile boolean rateLimited;
    private volatile boolean firstPageOnly;

    private FakeCursor() {
        super(0);
    }

    public static FakeCursor started() {
        FakeCursor fake = new FakeCursor();
        fake.start();
        return fake;
    }

    public void members(JsonNode entries) {
        members.addAll(objects(entries));
    }

    public void daily(JsonNode rows) {
        daily.addAll(objects(rows));
    }

    public void events(JsonNode more) {
        events.addAll(objects(more));
    }

    public void spend(JsonNode now) {
        spend = (ObjectNode) now;
    }

    /** From now on the number of the page is not looked at, and more is always promised. */
    public void forgetPages() {
        firstPageOnly = true;
    }

    /** What happens to the events after each of the next pages of them. */
    public void betweenPages(List<Consumer<List<ObjectNode>>> changes) {
        betweenPages.addAll(changes);
    }

    /** From now on each page of events is changed like this. */
    public void distort(Consumer<ObjectNode> page) {
        distortion = page;
    }

    /** From now on only 20 requests per minute are answered. */
    public void limitRate() {
        rateLimited = true;
    }

    @Override
    String key() {
        return KEY;
    }

    @Override
    ObjectNode error(int status, String message) {
        return JSON.createObjectNode()
                .put("error", status == 429 ? "Too Many Requests" : "Error")
                .put("message", message);
    }

    @Override
    ObjectNode answer(HttpExchange request, byte[] body) throws Refused {
        String wanted = "Basic " + Base64.getEncoder().encodeToString((KEY + ":").getBytes(StandardCharsets.UTF_8));
        if (!wanted.equals(request.getRequestHeaders().getFirst("Authorization"))) {
            throw new Refused(401, "Invalid API key");
        }
        count();
        JsonNode asked;
        try {
            asked = body.length == 0 ? JSON.createObjectNode() : JSON.readTree(body);
        } catch (IOException e) {
            throw new Refused(400, "no JSON");
        }
        return switch (request.getRequestURI().getPath()) {
            case "/teams/members" -> {
                ObjectNode answer = JSON.createObjectNode();
                answer.putArray("teamMembers").addAll(members);
                yield answer;
            }
            case "/teams/daily-usage-data" -> {
                // As the real one does: days next to the asked ones may come along.
                Range.of(asked);
                yield page(asked, "data", List.copyOf(daily));
            }
            case "/teams/filtered-usage-events" -> {
                Range range = Range.of(asked);
                List<ObjectNode> asOf =
                        events.stream().filter(range::hasOrJustMisses).toList();
                ObjectNode answer = page(asked, "usageEvents", asOf).put("totalUsageEventsCount", asOf.size());
                Optional.ofNullable(betweenPages.poll()).ifPresent(change -> change.accept(events));
                Optional.ofNullable(distortion).ifPresent(distort -> distort.accept(answer));
                yield answer;
            }
            case "/teams/spend" -> spend.deepCopy();
            default -> throw new Refused(404, "Not found");
        };
    }

    private synchronized void count() throws Refused {
        if (!rateLimited) {
            return;
        }
        Instant now = Instant.now();
        while (!recent.isEmpty() && recent.peekFirst().isBefore(now.minus(1, ChronoUnit.MINUTES))) {
            recent.removeFirst();
        }
        if (recent.size() >= REQUESTS_PER_MINUTE) {
            throw new Refused(429, "Rate limit exceeded");
        }
        recent.addLast(now);
    }

    private record Range(long startMillis, long endMillis) {

        static Range of(JsonNode asked) throws Refused {
            if (!asked.path("startDate").isNumber() || !asked.path("endDate").isNumber()) {
                throw new Refused(400, "startDate and endDate are required");
            }
            long start = asked.path("startDate").asLong();
            long end = asked.path("endDate").asLong();
            if (end <= start || end - start > 30 * 24 * HOUR_MILLIS) {
                throw new Refused(400, "Date range cannot exceed 30 days");
            }
            return new Range(start, end);
        }

        boolean hasOrJustMisses(ObjectNode event) {
            long time = event.path("timestamp").asLong();
            return time >= startMillis && time <= endMillis + HOUR_MILLIS;
        }
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

package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Cursor's API with more events than fit into memory: each page is made when it is asked for. Every event costs a cent. */
public final class LargeCursor extends FakeServer {

    private static final int USERS = 997;
    private static final long SECOND_MILLIS = 1_000;
    private static final long DAY_SECONDS = 86_400;

    private final SortedMap<LocalDate, Integer> events;

    private LargeCursor(Map<LocalDate, Integer> events) {
        super(0);
        this.events = new TreeMap<>(events);
    }

    /** @param events of each day */
    public static LargeCursor started(Map<LocalDate, Integer> events) {
        LargeCursor fake = new LargeCursor(events);
        fake.start();
        return fake;
    }

    @Override
    String key() {
        return FakeCursor.KEY;
    }

    @Override
    ObjectNode error(int status, String message) {
        return JSON.createObjectNode().put("error", message);
    }

    @Override
    ObjectNode answer(HttpExchange request, byte[] body) {
        String path = request.getRequestURI().getPath();
        ObjectNode answer = JSON.createObjectNode();
        if (path.endsWith("members")) {
            answer.putArray("teamMembers");
        } else if (path.endsWith("spend")) {
            answer.put("subscriptionCycleStart", 0).put("totalPages", 1).putArray("teamMemberSpend");
        } else if (path.endsWith("daily-usage-data")) {
            answer.putArray("data");
            answer.putObject("pagination").put("hasNextPage", false);
        } else {
            page(answer, asked(body));
        }
        return answer;
    }

    private static ObjectNode asked(byte[] body) {
        try {
            return (ObjectNode) JSON.readTree(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void page(ObjectNode answer, ObjectNode asked) {
        SortedMap<LocalDate, Integer> wanted =
                events.subMap(day(asked, "startDate"), day(asked, "endDate").plusDays(1));
        int total = wanted.values().stream().mapToInt(Integer::intValue).sum();
        int size = asked.path("pageSize").asInt();
        int end = Math.min(total, asked.path("page").asInt() * size);
        ArrayNode page = answer.put("totalUsageEventsCount", total).putArray("usageEvents");
        int before = 0;
        for (Map.Entry<LocalDate, Integer> day : wanted.entrySet()) {
            int from = Math.max(0, end - Math.min(size, end) - before);
            for (int i = from; i < day.getValue() && before + i < end; i++) {
                page.add(event(day.getKey(), i, day.getValue()));
            }
            before += day.getValue();
        }
        answer.putObject("pagination").put("hasNextPage", end < total);
    }

    private static LocalDate day(ObjectNode asked, String field) {
        return LocalDate.ofInstant(Instant.ofEpochMilli(asked.path(field).asLong()), ZoneOffset.UTC);
    }

    private static ObjectNode event(LocalDate day, int number, int ofDay) {
        long second = number * DAY_SECONDS / ofDay;
        long millis = day.atStartOfDay().toEpochSecond(ZoneOffset.UTC) * SECOND_MILLIS
                + second * SECOND_MILLIS
                + number % 999;
        ObjectNode event = JSON.createObjectNode()
                .put("timestamp", Long.toString(millis))
                .put("userEmail", "user" + number % USERS + "@example.test")
                .put("model", "claude-4.5-sonnet")
                .put("kind", "Usage-based")
                .put("isChargeable", true)
                .put("isTokenBasedCall", true)
                .put("isHeadless", false)
                .put("maxMode", false)
                .put("requestsCosts", 1)
                .put("chargedCents", 1)
                .put("cursorTokenFee", 0);
        event.putObject("tokenUsage")
                .put("inputTokens", number)
                .put("outputTokens", number % 1000)
                .put("cacheWriteTokens", 0)
                .put("cacheReadTokens", 7)
                .put("totalCents", 1);
        return event;
    }
}

package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** The fake providers with bills of the last 30 days, for the local stack. */
final class SampleBills {

    /** The workspace of the bills whose use is Claude Code. */
    static final String WORKSPACE = "wrkspc_01TESTCODE00000000000001";

    private static final int DAYS = 30;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private SampleBills() {}

    /** A server with the bills, on a free port; the caller closes it. Keys are those of {@link FakeProviders}. */
    static FakeProviders offered(Clock clock) throws IOException {
        FakeProviders fake = FakeProviders.start(0);
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        for (LocalDate day = today.minusDays(DAYS); day.isBefore(today); day = day.plusDays(1)) {
            offer(fake, day);
        }
        fake.list("workspaces", file("workspaces.json").path("data"));
        fake.list("api_keys", file("api-keys.json").path("data"));
        fake.list("users", file("users.json").path("data"));
        fake.list("members", file("cursor-members.json").path("teamMembers"));
        fake.cursorSpend(file("cursor-spend.json"));
        return fake;
    }

    private static void offer(FakeProviders fake, LocalDate day) throws IOException {
        // Weekends are quiet.
        int percent = day.getDayOfWeek().getValue() > 5 ? 10 : 80 + day.getDayOfMonth();
        JsonNode cost = file("f1-cost.json").at("/data/0/results");
        cost.forEach(item -> ((ObjectNode) item)
                .put(
                        "amount",
                        new BigDecimal(item.path("amount").asText())
                                .multiply(BigDecimal.valueOf(percent))
                                .movePointLeft(2)
                                .toPlainString()));
        fake.cost(day, cost);
        fake.usage(day, file("f1-usage.json").at("/data/0/results"));
        JsonNode code = file("f1-claude-code.json").path("data");
        code.forEach(item -> ((ObjectNode) item).put("date", day + "T00:00:00Z"));
        fake.claudeCode(day, code);
        long millis = day.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
        JsonNode daily = file("cursor-daily-usage.json").path("data");
        daily.forEach(item -> ((ObjectNode) item).put("day", day.toString()).put("date", millis));
        fake.cursorDaily(daily);
        JsonNode events = file("cursor-events.json").path("usageEvents");
        int hour = 9;
        for (JsonNode event : events) {
            ((ObjectNode) event).put("timestamp", Long.toString(millis + 3_600_000L * hour++));
        }
        fake.cursorEvents(events);
    }

    private static JsonNode file(String name) throws IOException {
        try (InputStream in = SampleBills.class.getResourceAsStream("/providers/" + name)) {
            return JSON.readTree(in);
        }
    }
}

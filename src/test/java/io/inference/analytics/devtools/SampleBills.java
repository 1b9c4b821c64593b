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
import java.util.Map;

/** Fake providers with bills of the last 30 days, for the local stack. */
final class SampleBills implements AutoCloseable {

    /** The workspace of the bills whose use is Claude Code. */
    static final String WORKSPACE = "wrkspc_01TESTCODE00000000000001";

    private static final int DAYS = 30;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final FakeAnthropic anthropic = FakeAnthropic.started();
    private final FakeCursor cursor = FakeCursor.started();
    private final FakeOpenAi openai = FakeOpenAi.started();

    /** Offers the bills, on free ports. */
    SampleBills(Clock clock) throws IOException {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        for (LocalDate day = today.minusDays(DAYS); day.isBefore(today); day = day.plusDays(1)) {
            offer(day);
        }
        anthropic.list("workspaces", file("workspaces.json").path("data"));
        anthropic.list("api_keys", file("api-keys.json").path("data"));
        anthropic.list("users", file("users.json").path("data"));
        cursor.members(file("cursor-members.json").path("teamMembers"));
        cursor.spend(file("cursor-spend.json"));
        openai.list("projects", file("openai-projects.json"));
        openai.list("projects/proj_TESTSEARCH/api_keys", file("openai-api-keys.json"));
        openai.list("users", file("openai-users.json"));
    }

    /** The settings of a command that shall import them. */
    Map<String, String> settings() {
        return Map.of(
                "ANTHROPIC_API_URL",
                anthropic.url(),
                "ANTHROPIC_ADMIN_API_KEY",
                FakeAnthropic.KEY,
                "CURSOR_API_URL",
                cursor.url(),
                "CURSOR_API_KEY",
                FakeCursor.KEY,
                "OPENAI_API_URL",
                openai.url(),
                "OPENAI_ADMIN_API_KEY",
                FakeOpenAi.KEY);
    }

    @Override
    public void close() {
        anthropic.close();
        cursor.close();
        openai.close();
    }

    private void offer(LocalDate day) throws IOException {
        // Weekends are quiet.
        int percent = day.getDayOfWeek().getValue() > 5 ? 10 : 80 + day.getDayOfMonth();
        JsonNode cost = file("f1-cost.json").at("/data/0/results");
        cost.forEach(item -> ((ObjectNode) item)
                .put("amount", percentOf(item.path("amount"), percent).toPlainString()));
        anthropic.cost(day, cost);
        anthropic.usage(day, file("f1-usage.json").at("/data/0/results"));
        JsonNode code = file("f1-claude-code.json").path("data");
        code.forEach(item -> ((ObjectNode) item).put("date", day + "T00:00:00Z"));
        anthropic.claudeCode(day, code);
        long millis = day.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
        JsonNode daily = file("cursor-daily-usage.json").path("data");
        daily.forEach(item -> ((ObjectNode) item).put("day", day.toString()).put("date", millis));
        cursor.daily(daily);
        JsonNode events = file("cursor-events.json").path("usageEvents");
        int hour = 9;
        for (JsonNode event : events) {
            ((ObjectNode) event).put("timestamp", Long.toString(millis + 3_600_000L * hour++));
        }
        cursor.events(events);
        JsonNode lines = file("openai-costs.json");
        for (JsonNode line : lines) {
            ObjectNode amount = (ObjectNode) line.path("amount");
            amount.put("value", percentOf(amount.path("value"), percent));
        }
        openai.results("costs", day, lines);
        openai.results("usage/completions", day, file("openai-completions.json"));
    }

    private static BigDecimal percentOf(JsonNode amount, int percent) {
        return new BigDecimal(amount.asText())
                .multiply(BigDecimal.valueOf(percent))
                .movePointLeft(2);
    }

    private static JsonNode file(String name) throws IOException {
        try (InputStream in = SampleBills.class.getResourceAsStream("/providers/" + name)) {
            return JSON.readTree(in);
        }
    }
}

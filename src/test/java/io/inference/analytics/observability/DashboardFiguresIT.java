package io.inference.analytics.observability;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.agroal.api.AgroalDataSource;
import io.inference.analytics.attribution.Tool;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import io.inference.analytics.provider.WorkspaceRef;
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
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /** A Monday; three weeks follow, in which no other test stores anything. Bills are those of the whole company. */
    private static final LocalDate FIRST = LocalDate.of(2023, 5, 29);

    private static final LocalDate END = FIRST.plusDays(21);
    private static final LocalDate JUNE = LocalDate.of(2023, 6, 1);
    private static final int BILLED_DAYS = 16;
    private static final LocalDate LAST_BILLED = FIRST.plusDays(BILLED_DAYS);
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
            assertThat(checked).isEqualTo(PanelSql.byPanel().keySet());
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
        new Sql(database)
                .execute("insert into analytics.models (model_id, name) values ('%s', 'Of figures %s')"
                        .formatted(models.get(0), models.get(0)));
    }

    private static void importBills(ProviderLab lab) throws Exception {
        ObjectNode search = ((ObjectNode) ProviderLab.f1("100").get(0).deepCopy())
                .put("description", "Web Search Usage")
                .put("cost_type", "web_search");
        for (String field : List.of("model", "token_type", "service_tier", "context_window")) {
            search.putNull(field);
        }
        lab.offerF1(LAST_BILLED);
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
            long noon = millis(day.atTime(12, 0));
            lab.cursorApi.events(ProviderHttp.JSON
                    .createArrayNode()
                    .add(event.put("timestamp", Long.toString(noon)).put("chargedCents", 4000 + i)));
        }
        JsonNode counters = ProviderLab.file("cursor-daily-usage.json").path("data");
        for (JsonNode row : counters) {
            ((ObjectNode) row).put("day", LAST_BILLED.toString()).put("date", millis(LAST_BILLED.atStartOfDay()));
        }
        lab.cursorApi.daily(counters);
        lab.cursorApi.spend(((ObjectNode) ProviderLab.file("cursor-spend.json"))
                .put("subscriptionCycleStart", millis(JUNE.atStartOfDay())));
        lab.at(END.plusDays(1).atTime(13, 0).toInstant(ZoneOffset.UTC));
        lab.anthropic(LAST_BILLED);
        lab.mappings().mapWorkspace(WorkspaceRef.of(ProviderLab.WORKSPACE), Tool.CLAUDE_CODE, FIRST, "test");
        for (Provider provider : Provider.withApi()) {
            assertThat(lab.imports()
                            .retry(provider, days, "test", outcome -> {})
                            .complete())
                    .isTrue();
        }
        lab.cursor(LAST_BILLED);
        lab.seats().add(YearMonth.from(JUNE), Tool.CLAUDE_AI, new BigDecimal("600.25"), false, "test");
        lab.database.execute("insert into analytics.provider_person (email, team, entered_by, entered_at)"
                + " values ('alice@example.test', 'Search', 'test', now())");
    }

    private static long millis(LocalDateTime time) {
        return time.toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    private void assertPanel(String name, JsonNode panel) throws IOException {
        Map<String, PanelFrame> frames = new LinkedHashMap<>();
        for (JsonNode query : panel.get("targets")) {
            frames.put(query.path("refId").asText(), PanelFrame.of(query, answer(query)));
        }
        JsonNode steps = json.readTree(panel.path("transformations")
                .toString()
                .replace("$budget", PanelSql.BUDGET)
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
        String sql = PanelSql.byPanel().get(name);
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
}

package io.inference.analytics.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.bills.ProviderLab;
import io.inference.analytics.devtools.FakeOpenAi;
import io.inference.analytics.devtools.Fault;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** OpenAI's reports, from a fake server to the rows of their days. */
class OpenAiClientTest {

    private static final LocalDate FIRST = LocalDate.of(2026, 3, 1);
    private static final LocalDate LAST = FIRST.plusDays(2);

    /** By report: its results as OpenAI's reference shows them, and the row that they become. */
    private static final Map<String, JsonNode> USAGE = ProviderLab.file("openai-usage.json").properties().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

    private static final List<String> DIMENSIONS =
            List.of("project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "size", "source");

    private final FakeOpenAi api = FakeOpenAi.started();

    @AfterEach
    void close() {
        api.close();
    }

    private OpenAiClient client(String key, int pageDays) {
        ProviderHttp.Rules rules = new ProviderHttp.Rules(
                Provider.OPENAI,
                "OPENAI_ADMIN_API_KEY",
                "an admin key",
                2,
                Duration.ofSeconds(5),
                Duration.ofMillis(1),
                Duration.ofMillis(1),
                Duration.ofSeconds(30),
                0,
                1000);
        return new OpenAiClient(
                new ProviderHttp(rules, new SimpleMeterRegistry(), Clock.systemUTC()),
                api.url(),
                key,
                "acme",
                pageDays);
    }

    private Map<LocalDate, DayAnswer> fetch(Dataset dataset) throws Exception {
        return client(FakeOpenAi.KEY, 1).fetch(dataset, FIRST, LAST);
    }

    private static JsonNode results(String json) throws Exception {
        return ProviderHttp.JSON.readTree(json);
    }

    private static String cost(String value, String currency) {
        return """
            [{"object": "organization.costs.result", "amount": {"value": %s, "currency": %s},
              "line_item": "gpt-5, input", "project_id": "proj_a", "api_key_id": "key_a", "quantity": 10, "quantity_unit": "tokens"}]
            """
                .formatted(value, currency);
    }

    @Test
    void aBillIsDollarsOfEachDayToTheLastDigit() throws Exception {
        api.results("costs", FIRST, results(cost("0.06000000000000000123", "\"usd\"")));
        api.results("costs", LAST, results(cost("-1.5e-7", "\"usd\"")));
        Map<LocalDate, DayAnswer> days = fetch(Dataset.OPENAI_COST);
        assertThat(days.values()).allMatch(day -> day.fault().isEmpty());
        DayAnswer first = days.get(FIRST);
        assertThat(first.rows().get(0).dimensions()).containsExactly("proj_a", "key_a", "gpt-5, input", "tokens");
        assertThat(first.rows().get(0).measures().get(0)).isEqualTo(new BigDecimal("0.06000000000000000123"));
        assertThat(first.rows().get(0).measures().get(1)).isEqualTo("USD");
        assertThat(first.sourceTotal()).isEqualTo("0.06000000000000000123");
        assertThat(days.get(FIRST.plusDays(1)).rows()).isEmpty();
        assertThat(days.get(LAST).sourceTotal()).as("a credit").isEqualByComparingTo("-0.00000015");
        assertThat(api.requests("/costs")).as("a page per day").hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({
        "null, '\"usd\"', value: null (expected: a decimal)",
        "'\"much\"', '\"usd\"', 'value: \"much\" (expected: a decimal)'",
        "1, null, currency: null (expected: a text)"
    })
    void anUnreadableAmountIsAFaultOfItsDayOnly(String value, String currency, String fault) throws Exception {
        api.results("costs", FIRST, results(cost(value, currency)));
        api.results("costs", LAST, results(cost("1", "\"usd\"")));
        Map<LocalDate, DayAnswer> days = fetch(Dataset.OPENAI_COST);
        assertThat(days.get(FIRST).fault()).map(ProviderTrouble::getMessage).contains(fault);
        assertThat(days.get(LAST).fault()).isEmpty();
    }

    @Test
    void everyReportHasAnExampleHere() {
        assertThat(OpenAiClient.REPORTS)
                .extracting(OpenAiClient.Report::kind)
                .containsExactlyInAnyOrderElementsOf(USAGE.keySet());
    }

    /** Cached and written tokens are apart from plain input; what a report does not count is 0. */
    @ParameterizedTest
    @MethodSource("kinds")
    void aReportOfUsageIsRowsOfItsDay(String kind) throws Exception {
        JsonNode example = USAGE.get(kind);
        api.results("usage/" + kind, FIRST, example.get("results"));
        DayAnswer day = fetch(Dataset.OPENAI_USAGE).get(FIRST);
        assertThat(day.fault()).isEmpty();
        assertThat(day.sourceTotal()).as("usage is not money").isNull();
        DayRow row = day.rows().get(0);
        assertThat(day.rows()).hasSize(1);
        assertThat(row.dimensions()).extracting(Objects::toString).isEqualTo(texts(example.get("dimensions")));
        assertThat(row.measures()).extracting(Objects::toString).isEqualTo(texts(example.get("measures")));
        assertThat(api.requests("/usage/" + kind))
                .as("each dimension that has a column is asked for")
                .isNotEmpty()
                .allSatisfy(request -> DIMENSIONS.stream()
                        .filter(example.at("/results/0")::has)
                        .forEach(dimension -> assertThat(request).contains("&group_by=" + dimension)));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aReportWithoutItsCountIsAFault(String kind) throws Exception {
        JsonNode example = USAGE.get(kind).deepCopy();
        String required = example.get("required").asText();
        ((ObjectNode) example.at("/results/0")).remove(required);
        api.results("usage/" + kind, FIRST, example.get("results"));
        assertThat(fetch(Dataset.OPENAI_USAGE).get(FIRST).fault())
                .map(ProviderTrouble::getMessage)
                .contains(required + ": missing (expected: a decimal)");
    }

    private static List<String> texts(JsonNode values) {
        List<String> texts = new ArrayList<>();
        values.forEach(value -> texts.add(value.asText()));
        return texts;
    }

    static Stream<String> kinds() {
        return OpenAiClient.REPORTS.stream().map(OpenAiClient.Report::kind);
    }

    @Test
    void moreCachedTokensThanInputAreAFault() throws Exception {
        api.results(
                "usage/completions",
                FIRST,
                results("[{\"input_tokens\": 5, \"input_cached_tokens\": 6, \"output_tokens\": 0}]"));
        assertThat(fetch(Dataset.OPENAI_USAGE).get(FIRST).fault())
                .map(ProviderTrouble::getMessage)
                .contains("input_tokens: 5 (expected: at least the 6 that are cached or written)");
    }

    @Test
    void aDayThatAReportLeavesOutIsAFault() throws Exception {
        api.forgetDaysFrom(LAST);
        for (Dataset dataset : List.of(Dataset.OPENAI_COST, Dataset.OPENAI_USAGE)) {
            Map<LocalDate, DayAnswer> days = fetch(dataset);
            assertThat(days.get(FIRST).fault()).isEmpty();
            assertThat(days.get(LAST).fault()).map(ProviderTrouble::retryable).contains(true);
        }
    }

    @Test
    void aRepeatedBucketIsNotMergedAway() throws Exception {
        api.results("costs", FIRST, results(cost("1", "\"usd\"")));
        api.repeatBucket(FIRST);
        assertThat(fetch(Dataset.OPENAI_COST).get(FIRST).rows())
                .as("two rows with one key: the day's check refuses them")
                .hasSize(2)
                .extracting(DayRow::lineKey)
                .satisfies(keys -> assertThat(keys.get(0)).isEqualTo(keys.get(1)));
    }

    @Test
    void aPassingFaultIsTriedAgainAndALostPageIsNotTheEnd() throws Exception {
        api.fail("costs", Fault.RATE_LIMITED, Fault.SERVER_ERROR);
        assertThatThrownBy(() -> fetch(Dataset.OPENAI_COST)).hasMessageContaining("status 500");
        api.fail("costs", Fault.BROKEN_JSON);
        assertThat(fetch(Dataset.OPENAI_COST)).hasSize(3);
        for (Fault fault : List.of(Fault.LOST_PAGE, Fault.SAME_PAGE)) {
            api.fail("costs", fault, fault);
            assertThatThrownBy(() -> fetch(Dataset.OPENAI_COST))
                    .isInstanceOfSatisfying(ProviderTrouble.class, trouble -> assertThat(trouble.code())
                            .isEqualTo("broken_paging"));
        }
    }

    @ParameterizedTest
    @CsvSource({"sk-proj-0000, permission_error", "sk-none, authentication_error"})
    void aKeyOfAProjectIsRefused(String key, String code) {
        assertThatThrownBy(() -> client(key, 1).check())
                .isInstanceOfSatisfying(ProviderTrouble.class, trouble -> assertThat(trouble.code())
                        .isEqualTo(code));
    }

    @Test
    void theDirectoryIsReadToItsEnd() throws Exception {
        ArrayNode projects = ProviderHttp.JSON.createArrayNode();
        for (int i = 0; i < 100; i++) {
            projects.addObject().put("id", "proj_" + i).put("created_at", 1).put("archived_at", 2);
        }
        projects.addObject().put("id", "proj_a").put("name", "Search").putNull("archived_at");
        api.list("projects", projects);
        api.list(
                "projects/proj_a/api_keys",
                results(
                        """
                        [{"id": "key_1", "name": "backend", "redacted_value": "sk-abc...def", "created_at": 1700000001,
                          "owner": {"type": "user", "user": {"id": "user_a", "name": "Ann"}}},
                         {"id": "key_2", "name": "robot", "owner": {"type": "service_account"}}]
                        """));
        api.list("users", results("[{\"id\": \"user_a\", \"email\": \"Ann@example.test\", \"role\": \"owner\"}]"));
        ProviderClient.Directory directory =
                client(FakeOpenAi.KEY, 31).directory().orElseThrow();
        assertThat(directory.workspaces()).hasSize(101);
        assertThat(directory.keys())
                .extracting(ProviderClient.ApiKey::id, ProviderClient.ApiKey::createdBy)
                .containsExactly(tuple("key_1", "user_a"), tuple("key_2", null));
        assertThat(directory.keys().get(0).createdAt()).hasToString("2023-11-14T22:13:21Z");
        assertThat(directory.people()).extracting(ProviderClient.Person::email).containsExactly("ann@example.test");
        assertThat(api.requests("/api_keys")).as("not of archived projects").hasSize(1);
    }
}

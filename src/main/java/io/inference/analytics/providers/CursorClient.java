package io.inference.analytics.providers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Cursor's Admin API (cursor.com/docs/account/teams/admin-api): members, daily-usage-data, spend, filtered-usage-events. Times are
 * epoch milliseconds, amounts cents. An answer can hold days that nobody asked for: they are dropped.
 */
final class CursorClient implements ProviderClient {

    /** A team's key says nothing about the team's id. */
    static final String TEAM = "team";

    private static final int DAYS_PER_CALL = 30;
    private static final int PAGES_MAX = 10_000;
    private static final int CENT_DIGITS = 2;

    private final ProviderHttp http;
    private final String base;
    private final Map<String, String> headers;
    private final int pageRecords;

    CursorClient(ProviderHttp http, String base, String key, int pageRecords) {
        this.http = http;
        this.base = base.replaceAll("/+$", "");
        this.headers = Map.of(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString((key + ":").getBytes(StandardCharsets.UTF_8)));
        this.pageRecords = pageRecords;
    }

    @Override
    public Provider provider() {
        return Provider.CURSOR;
    }

    @Override
    public List<Dataset> datasets() {
        return List.of(Dataset.CURSOR_DAILY_USAGE, Dataset.CURSOR_EVENTS, Dataset.CURSOR_SPEND);
    }

    @Override
    public int daysPerCall(Dataset dataset) {
        return dataset == Dataset.CURSOR_SPEND ? 1 : DAYS_PER_CALL;
    }

    @Override
    public String orgRef() {
        return TEAM;
    }

    @Override
    public void check() throws ProviderTrouble, InterruptedException {
        http.get(URI.create(base + "/teams/members"), headers);
    }

    @Override
    public Optional<Directory> directory() throws ProviderTrouble, InterruptedException {
        List<Person> people = new ArrayList<>();
        for (JsonNode item :
                http.get(URI.create(base + "/teams/members"), headers).path("teamMembers")) {
            String id = JsonFields.text(item, "id");
            String email = JsonFields.email(item, "email");
            if (id != null || email != null) {
                people.add(new Person(
                        id == null ? email : id,
                        email,
                        JsonFields.text(item, "name"),
                        JsonFields.text(item, "role"),
                        !JsonFields.flag(item, "isRemoved")));
            }
        }
        return Optional.of(new Directory(List.of(), List.of(), people));
    }

    /** One day that is being put together. */
    private static final class Day {
        private final List<DayRow> rows = new ArrayList<>();
        private final List<String> pages = new ArrayList<>();
        private final Map<List<Object>, Integer> twins = new HashMap<>();
        private int items;
        private BigDecimal cents = BigDecimal.ZERO;
    }

    @Override
    public Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        Map<LocalDate, Day> days = new LinkedHashMap<>();
        first.datesUntil(last.plusDays(1)).forEach(day -> days.put(day, new Day()));
        switch (dataset) {
            case CURSOR_DAILY_USAGE -> dailyUsage(days, first, last);
            case CURSOR_EVENTS -> events(days, first, last);
            case CURSOR_SPEND -> spend(days.get(first));
            case COST, USAGE, CLAUDE_CODE, CLAUDE_AI_AUDIT ->
                throw new IllegalArgumentException(dataset + " (expected: a data set of Cursor)");
        }
        Map<LocalDate, DayAnswer> answers = new LinkedHashMap<>();
        days.forEach((day, part) -> answers.put(
                day,
                new DayAnswer(
                        part.rows,
                        part.pages,
                        part.items,
                        dataset == Dataset.CURSOR_EVENTS ? part.cents.movePointLeft(CENT_DIGITS) : null)));
        return answers;
    }

    /** Takes one page of a report. */
    private interface PageReader {
        void read(JsonNode page) throws ProviderTrouble;
    }

    private void pages(String path, ObjectNode body, PageReader reader) throws ProviderTrouble, InterruptedException {
        for (int number = 1; number <= PAGES_MAX; number++) {
            body.put("page", number).put("pageSize", pageRecords);
            JsonNode page = http.post(URI.create(base + path), headers, body.toString());
            reader.read(page);
            JsonNode pagination = page.path("pagination");
            boolean more = pagination.path("hasNextPage").isBoolean()
                    ? pagination.path("hasNextPage").booleanValue()
                    : number
                            < Math.max(
                                    page.path("totalPages").asInt(0),
                                    Math.max(
                                            pagination.path("totalPages").asInt(0),
                                            pagination.path("numPages").asInt(0)));
            if (!more) {
                return;
            }
        }
        throw ProviderTrouble.lasting("broken_paging", path + ": more than " + PAGES_MAX + " pages");
    }

    private static ObjectNode period(LocalDate first, LocalDate last) {
        return ProviderHttp.JSON
                .createObjectNode()
                .put("startDate", first.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli())
                .put(
                        "endDate",
                        last.plusDays(1)
                                        .atStartOfDay()
                                        .toInstant(ZoneOffset.UTC)
                                        .toEpochMilli()
                                - 1);
    }

    private static JsonNode array(JsonNode node, String field) throws ProviderTrouble {
        JsonNode array = node.path(field);
        if (!array.isArray()) {
            throw ProviderTrouble.passing("broken_answer", field + ": no list");
        }
        return array;
    }

    /** Cuts the page to the items of each day that was asked for. */
    private static void keep(
            Map<LocalDate, Day> days, JsonNode page, String field, Map<LocalDate, List<JsonNode>> byDay) {
        days.forEach((day, part) -> {
            ObjectNode kept = ((ObjectNode) page).deepCopy();
            kept.putArray(field).addAll(byDay.getOrDefault(day, List.of()));
            part.pages.add(Redaction.of(kept.toString()));
        });
    }

    private void dailyUsage(Map<LocalDate, Day> days, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        pages("/teams/daily-usage-data", period(first, last), page -> {
            Map<LocalDate, List<JsonNode>> byDay = new HashMap<>();
            for (JsonNode item : array(page, "data")) {
                String named = JsonFields.text(item, "day");
                LocalDate day = named == null ? dayOf(item.path("date")) : JsonFields.day(named);
                Day part = days.get(day);
                if (part != null) {
                    part.rows.add(usageRow(item));
                    part.items++;
                    byDay.computeIfAbsent(day, any -> new ArrayList<>()).add(item);
                }
            }
            keep(days, page, "data", byDay);
        });
    }

    private static DayRow usageRow(JsonNode item) throws ProviderTrouble {
        List<Object> measures = new ArrayList<>();
        measures.add(JsonFields.flag(item, "isActive"));
        for (String field : List.of(
                "totalLinesAdded",
                "totalLinesDeleted",
                "acceptedLinesAdded",
                "acceptedLinesDeleted",
                "totalApplies",
                "totalAccepts",
                "totalRejects",
                "totalTabsShown",
                "totalTabsAccepted",
                "composerRequests",
                "chatRequests",
                "agentRequests",
                "cmdkUsages",
                "subscriptionIncludedReqs",
                "apiKeyReqs",
                "usageBasedReqs",
                "bugbotUsages")) {
            measures.add(JsonFields.count(item, field));
        }
        measures.add(JsonFields.text(item, "mostUsedModel"));
        measures.add(JsonFields.text(item, "clientVersion"));
        return DayRow.of(Arrays.asList(JsonFields.text(item, "userId"), JsonFields.email(item, "email")), measures);
    }

    private void events(Map<LocalDate, Day> days, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        pages("/teams/filtered-usage-events", period(first, last), page -> {
            Map<LocalDate, List<JsonNode>> byDay = new HashMap<>();
            for (JsonNode item : array(page, "usageEvents")) {
                LocalDate day = dayOf(item.path("timestamp"));
                Day part = days.get(day);
                if (part != null) {
                    part.rows.add(eventRow(part, item));
                    part.items++;
                    byDay.computeIfAbsent(day, any -> new ArrayList<>()).add(item);
                    if (JsonFields.flag(item, "isChargeable")) {
                        part.cents = part.cents.add(JsonFields.decimal(item, "chargedCents"));
                    }
                }
            }
            keep(days, page, "usageEvents", byDay);
        });
    }

    private static DayRow eventRow(Day part, JsonNode item) throws ProviderTrouble {
        JsonNode tokens = item.path("tokenUsage");
        boolean chargeable = JsonFields.flag(item, "isChargeable");
        BigDecimal charged = JsonFields.decimal(item, "chargedCents").movePointLeft(CENT_DIGITS);
        BigDecimal value = JsonFields.decimal(tokens, "totalCents").movePointLeft(CENT_DIGITS);
        List<Object> dimensions = new ArrayList<>(Arrays.asList(
                instant(item.path("timestamp")).atOffset(ZoneOffset.UTC),
                JsonFields.email(item, "userEmail"),
                JsonFields.text(item, "model"),
                JsonFields.text(item, "kind"),
                chargeable,
                JsonFields.flag(item, "isTokenBasedCall"),
                JsonFields.flag(item, "isHeadless"),
                JsonFields.flag(item, "maxMode"),
                JsonFields.count(tokens, "inputTokens"),
                JsonFields.count(tokens, "outputTokens"),
                JsonFields.count(tokens, "cacheWriteTokens"),
                JsonFields.count(tokens, "cacheReadTokens")));
        // Events have no id: those that are alike in everything are told apart by counting them.
        dimensions.add(part.twins.merge(List.copyOf(twin(dimensions)), 1, Integer::sum));
        return DayRow.of(
                dimensions,
                List.of(
                        JsonFields.decimal(item, "requestsCosts"),
                        chargeable ? charged : BigDecimal.ZERO,
                        chargeable ? BigDecimal.ZERO : value,
                        JsonFields.decimal(item, "cursorTokenFee").movePointLeft(CENT_DIGITS)));
    }

    private static List<Object> twin(List<Object> dimensions) {
        return dimensions.stream().<Object>map(String::valueOf).toList();
    }

    private void spend(Day day) throws ProviderTrouble, InterruptedException {
        pages("/teams/spend", ProviderHttp.JSON.createObjectNode(), page -> {
            LocalDate cycle = dayOf(page.path("subscriptionCycleStart"));
            for (JsonNode item : array(page, "teamMemberSpend")) {
                BigDecimal onDemand = JsonFields.decimal(item, "spendCents");
                BigDecimal included = item.path("includedSpendCents").isNumber()
                        ? JsonFields.decimal(item, "includedSpendCents")
                        : JsonFields.decimal(item, "overallSpendCents")
                                .subtract(onDemand)
                                .max(BigDecimal.ZERO);
                day.rows.add(DayRow.of(
                        Arrays.asList(cycle, JsonFields.text(item, "userId"), JsonFields.email(item, "email")),
                        Arrays.asList(
                                JsonFields.text(item, "name"),
                                JsonFields.text(item, "role"),
                                onDemand.movePointLeft(CENT_DIGITS),
                                included.movePointLeft(CENT_DIGITS),
                                JsonFields.count(item, "fastPremiumRequests"),
                                item.path("monthlyLimitDollars").isNumber()
                                        ? JsonFields.decimal(item, "monthlyLimitDollars")
                                        : null)));
                day.items++;
            }
            day.pages.add(Redaction.of(page.toString()));
        });
    }

    private static LocalDate dayOf(JsonNode millis) throws ProviderTrouble {
        return LocalDate.ofInstant(instant(millis), ZoneOffset.UTC);
    }

    /** Epoch milliseconds, as a number or as text. */
    private static Instant instant(JsonNode millis) throws ProviderTrouble {
        String text = millis.asText("");
        if (!text.matches("[0-9]{1,15}")) {
            throw ProviderTrouble.lasting("broken_field", "a time that is no epoch milliseconds");
        }
        return Instant.ofEpochMilli(Long.parseLong(text));
    }
}

package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.platform.Sha256;
import java.io.Serial;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Cursor's Admin API (cursor.com/docs/account/teams/admin-api): members, daily-usage-data, spend,
 * filtered-usage-events. Times are epoch milliseconds, amounts are cents. An answer can contain
 * days that were not requested; they are dropped.
 */
final class CursorClient implements ProviderClient {

    /** The team's name where no setting names it: a key says nothing about its team. */
    static final String TEAM = "team";

    private static final int DAYS_PER_CALL = 30;

    /**
     * Events are stored once all pages of their days are read. 20,000 events per day are 120 pages in
     * three days: six minutes at 20 requests per minute, which is less than a lease or a job lasts.
     */
    private static final int EVENT_DAYS_PER_CALL = 3;

    private static final int PAGES_MAX = 10_000;
    private static final int READINGS_MAX = 3;
    private static final int CENT_DIGITS = 2;
    private static final String BROKEN_PAGING = "broken_paging";

    private final ProviderHttp http;
    private final String base;
    private final Map<String, String> headers;
    private final String team;
    private final int pageRecords;

    CursorClient(ProviderHttp http, String base, String key, String team, int pageRecords) {
        this.http = http;
        this.base = base.replaceAll("/+$", "");
        this.headers = Map.of(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString((key + ":").getBytes(StandardCharsets.UTF_8)));
        this.team = team;
        this.pageRecords = pageRecords;
    }

    @Override
    public Map<String, Long> requests() {
        return http.requests();
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
        if (dataset == Dataset.CURSOR_EVENTS) {
            return EVENT_DAYS_PER_CALL;
        }
        return dataset.hasPast() ? DAYS_PER_CALL : 1;
    }

    @Override
    public String orgRef() {
        return team;
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

    @Override
    public Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        for (int reading = 1; ; reading++) {
            try {
                return read(dataset, first, last);
            } catch (Moved e) {
                if (reading == READINGS_MAX) {
                    throw ProviderTrouble.passing(BROKEN_PAGING, e.getMessage());
                }
            }
        }
    }

    /** The items are not those that the answer counts; reading all pages again may help. */
    private static final class Moved extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        Moved(String path, Object found, Object expected) {
            super("%s: %s events (expected: %s)".formatted(path, found, expected), null, false, false);
        }
    }

    /** An event that comes or goes between two pages moves all after it: then every page is read again. */
    private Map<LocalDate, DayAnswer> read(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException, Moved {
        DayDrafts days = http.drafts(first, last);
        switch (dataset) {
            case CURSOR_DAILY_USAGE -> dailyUsage(days, first, last);
            case CURSOR_EVENTS -> events(days, first, last);
            case CURSOR_SPEND -> spend(days.of(first).orElseThrow());
            default -> throw new IllegalArgumentException(dataset + " (expected: a data set of Cursor)");
        }
        return days.answers(dataset);
    }

    /** Reads one page of a report. */
    private interface PageReader {
        void read(JsonNode page, JsonNode items) throws ProviderTrouble;
    }

    /**
     * Reads pages until one is marked as the last. A page that comes twice, or is empty before the
     * last, is an error. So is a number of items that differs from the one that the answer gives,
     * in total or between two pages.
     */
    private void pages(String path, ObjectNode body, String field, PageReader reader)
            throws ProviderTrouble, InterruptedException, Moved {
        Set<String> seen = new HashSet<>();
        JsonNode total = MissingNode.getInstance();
        int read = 0;
        for (int number = 1; number <= PAGES_MAX; number++) {
            body.put("page", number).put("pageSize", pageRecords);
            JsonNode page = http.post(URI.create(base + path), headers, body.toString());
            JsonNode items = JsonFields.list(page, field);
            boolean more = more(page, number, items.size() >= pageRecords, path);
            JsonNode now = page.path("totalUsageEventsCount");
            if (number > 1 && !now.equals(total)) {
                throw new Moved(path, now, total);
            }
            total = now;
            read += items.size();
            if (more && items.isEmpty()) {
                throw ProviderTrouble.passing(BROKEN_PAGING, path + ": more pages after an empty one");
            }
            // If the server ignored the page number, every event would be counted once per page.
            if (!items.isEmpty() && !seen.add(Sha256.hex(items.toString()))) {
                throw ProviderTrouble.passing(BROKEN_PAGING, path + ": a page twice");
            }
            reader.read(page, items);
            if (!more) {
                if (total.isNumber() && total.asLong() != read) {
                    throw new Moved(path, read, total);
                }
                return;
            }
        }
        throw ProviderTrouble.lasting(BROKEN_PAGING, path + ": more than " + PAGES_MAX + " pages");
    }

    /** @param full as many items as were asked for: without a word about pages there may be others */
    private static boolean more(JsonNode page, int number, boolean full, String path) throws ProviderTrouble {
        JsonNode pagination = page.path("pagination");
        if (pagination.path("hasNextPage").isBoolean()) {
            return pagination.path("hasNextPage").booleanValue();
        }
        int pages = Math.max(
                page.path("totalPages").asInt(0),
                Math.max(
                        pagination.path("totalPages").asInt(0),
                        pagination.path("numPages").asInt(0)));
        if (pages == 0 && full) {
            throw ProviderTrouble.passing(BROKEN_PAGING, path + ": a full page without pagination");
        }
        return number < pages;
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

    /** Distributes a page's items over their days and archives each day's share; of a day without items, one page. */
    private static void share(
            DayDrafts days,
            JsonNode page,
            String field,
            Map<LocalDate, List<JsonNode>> byDay,
            DayDrafts.RowReader reader)
            throws ProviderTrouble {
        for (Map.Entry<LocalDate, DayDrafts.Draft> day : days.all().entrySet()) {
            DayDrafts.Draft draft = day.getValue();
            List<JsonNode> items = byDay.getOrDefault(day.getKey(), List.of());
            for (JsonNode item : items) {
                draft.take(item, reader);
            }
            if (!items.isEmpty() || !draft.isKept()) {
                draft.keep(page, field, items);
            }
        }
    }

    private void dailyUsage(DayDrafts days, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException, Moved {
        pages("/teams/daily-usage-data", period(first, last), "data", (page, items) -> {
            Map<LocalDate, List<JsonNode>> byDay = new HashMap<>();
            for (JsonNode item : items) {
                String named = JsonFields.text(item, "day");
                LocalDate day = named == null ? dayOf(item.path("date")) : JsonFields.day(named);
                byDay.computeIfAbsent(day, any -> new ArrayList<>()).add(item);
            }
            share(days, page, "data", byDay, CursorClient::usageRow);
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
        measures.add(JsonFields.text(item, "applyMostUsedExtension"));
        measures.add(JsonFields.text(item, "tabMostUsedExtension"));
        measures.add(JsonFields.text(item, "clientVersion"));
        return DayRow.of(Arrays.asList(JsonFields.text(item, "userId"), JsonFields.email(item, "email")), measures);
    }

    private void events(DayDrafts days, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException, Moved {
        Map<String, Integer> twins = new HashMap<>();
        pages("/teams/filtered-usage-events", period(first, last), "usageEvents", (page, items) -> {
            Map<LocalDate, List<JsonNode>> byDay = new HashMap<>();
            for (JsonNode item : items) {
                byDay.computeIfAbsent(dayOf(item.path("timestamp")), any -> new ArrayList<>())
                        .add(item);
            }
            share(days, page, "usageEvents", byDay, item -> eventRow(twins, item));
            byDay.forEach((day, ofDay) -> days.of(day).ifPresent(draft -> ofDay.stream()
                    .filter(item -> CursorCharge.of(item) == CursorCharge.BILLED)
                    .forEach(item -> draft.bill(item, "chargedCents"))));
        });
    }

    private static DayRow eventRow(Map<String, Integer> twins, JsonNode item) throws ProviderTrouble {
        JsonNode tokens = item.path("tokenUsage");
        boolean chargeable = JsonFields.requiredFlag(item, "isChargeable");
        CursorCharge charge = CursorCharge.checked(item);
        BigDecimal charged = JsonFields.requiredDecimal(item, "chargedCents").movePointLeft(CENT_DIGITS);
        BigDecimal value = tokens.isObject()
                ? JsonFields.requiredDecimal(tokens, "totalCents").movePointLeft(CENT_DIGITS)
                : charged;
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
        // Events have no id: a running number distinguishes those that are equal in everything.
        dimensions.add(twins.merge(DayRow.of(dimensions, List.of()).lineKey(), 1, Integer::sum));
        return DayRow.of(
                dimensions,
                List.of(
                        JsonFields.decimal(item, "requestsCosts"),
                        charge == CursorCharge.BILLED ? charged : BigDecimal.ZERO,
                        charge == CursorCharge.INCLUDED ? value : BigDecimal.ZERO,
                        JsonFields.decimal(item, "cursorTokenFee").movePointLeft(CENT_DIGITS)));
    }

    private void spend(DayDrafts.Draft today) throws ProviderTrouble, InterruptedException, Moved {
        pages("/teams/spend", ProviderHttp.JSON.createObjectNode(), "teamMemberSpend", (page, items) -> {
            Instant cycle = instant(page.path("subscriptionCycleStart"));
            for (JsonNode item : items) {
                today.take(item, member -> spendRow(cycle, member));
            }
            today.keep(page, "teamMemberSpend", list(items));
        });
    }

    private static DayRow spendRow(Instant cycle, JsonNode item) throws ProviderTrouble {
        BigDecimal onDemand = JsonFields.requiredDecimal(item, "spendCents");
        BigDecimal included = item.path("includedSpendCents").isNumber()
                ? JsonFields.decimal(item, "includedSpendCents")
                : JsonFields.decimal(item, "overallSpendCents")
                        .subtract(onDemand)
                        .max(BigDecimal.ZERO);
        return DayRow.of(
                Arrays.asList(
                        LocalDate.ofInstant(cycle, ZoneOffset.UTC),
                        JsonFields.text(item, "userId"),
                        JsonFields.email(item, "email")),
                Arrays.asList(
                        JsonFields.text(item, "name"),
                        JsonFields.text(item, "role"),
                        onDemand.movePointLeft(CENT_DIGITS),
                        included.movePointLeft(CENT_DIGITS),
                        JsonFields.count(item, "fastPremiumRequests"),
                        optional(item, "monthlyLimitDollars"),
                        optional(item, "hardLimitOverrideDollars"),
                        cycle.atOffset(ZoneOffset.UTC)));
    }

    private static BigDecimal optional(JsonNode item, String field) throws ProviderTrouble {
        return item.path(field).isNumber() ? JsonFields.decimal(item, field) : null;
    }

    private static List<JsonNode> list(JsonNode items) {
        List<JsonNode> list = new ArrayList<>();
        items.forEach(list::add);
        return list;
    }

    private static LocalDate dayOf(JsonNode millis) throws ProviderTrouble {
        return LocalDate.ofInstant(instant(millis), ZoneOffset.UTC);
    }

    /** Epoch milliseconds, as a number or as text. */
    private static Instant instant(JsonNode millis) throws ProviderTrouble {
        String text = millis.asText("");
        if (!text.matches("[0-9]{1,15}")) {
            throw ProviderTrouble.lasting("broken_field", "a time that is not epoch milliseconds");
        }
        return Instant.ofEpochMilli(Long.parseLong(text));
    }
}

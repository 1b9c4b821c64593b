package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * OpenAI's Costs and Usage APIs, as its public description (openai-openapi) has them. Amounts are
 * dollars as JSON numbers, days are UTC.
 *
 * <p>Input tokens are reported with cached and cache-write tokens in them; rows have the three
 * apart, as Anthropic's do. Audio tokens are parts of the same sums, and are never added to them.
 */
final class OpenAiClient implements ProviderClient {

    /** An organisation without a name in the settings: no report names it. */
    static final String ORGANIZATION = "openai";

    private static final int DAYS_PER_CALL = 31;
    private static final int PAGES_MAX = 10_000;

    /** The most entries that a page of a list can have. */
    private static final int LIST_MAX = 100;

    private static final Duration DAY = Duration.ofDays(1);

    private static final Set<String> COST_FIELDS =
            Set.of("object", "amount", "line_item", "project_id", "api_key_id", "quantity", "quantity_unit");

    /**
     * A report of usage, its dimensions, and the count that each of its items must have.
     *
     * @param measure the required field that says how much was used
     */
    record Report(String kind, List<String> groups, String measure) {}

    private static final List<String> BY_MODEL = List.of("project_id", "user_id", "api_key_id", "model");

    static final List<Report> REPORTS = List.of(
            new Report(
                    "completions",
                    List.of("project_id", "user_id", "api_key_id", "model", "batch", "service_tier"),
                    "output_tokens"),
            new Report("embeddings", BY_MODEL, "input_tokens"),
            new Report("moderations", BY_MODEL, "input_tokens"),
            new Report("images", List.of("project_id", "user_id", "api_key_id", "model", "size", "source"), "images"),
            new Report("audio_speeches", BY_MODEL, "characters"),
            new Report("audio_transcriptions", BY_MODEL, "seconds"),
            new Report("vector_stores", List.of("project_id"), "usage_bytes"),
            new Report("code_interpreter_sessions", List.of("project_id"), "num_sessions"));

    private final ProviderHttp http;
    private final PagedApi api;
    private final String organization;
    private final int pageDays;

    OpenAiClient(ProviderHttp http, String base, String key, String organization, int pageDays) {
        this.http = http;
        this.api = new PagedApi(
                http,
                base.replaceAll("/+$", "") + "/v1/organization",
                Map.of("Authorization", "Bearer " + key),
                PAGES_MAX);
        this.organization = organization;
        this.pageDays = pageDays;
    }

    @Override
    public Map<String, Long> requests() {
        return http.requests();
    }

    @Override
    public Provider provider() {
        return Provider.OPENAI;
    }

    @Override
    public List<Dataset> datasets() {
        return List.of(Dataset.OPENAI_COST, Dataset.OPENAI_USAGE);
    }

    @Override
    public int daysPerCall(Dataset dataset) {
        return DAYS_PER_CALL;
    }

    @Override
    public String orgRef() {
        return organization;
    }

    /** Only admin keys may list projects. */
    @Override
    public void check() throws ProviderTrouble, InterruptedException {
        api.get("projects", "limit=1");
    }

    /** Keys of archived projects cannot be used, and are not listed. */
    @Override
    public Optional<Directory> directory() throws ProviderTrouble, InterruptedException {
        List<Workspace> projects = new ArrayList<>();
        List<ApiKey> keys = new ArrayList<>();
        for (JsonNode item : entries("projects", "&include_archived=true")) {
            Workspace project = new Workspace(
                    JsonFields.text(item, "id"),
                    JsonFields.text(item, "name"),
                    null,
                    time(item, "created_at"),
                    time(item, "archived_at"));
            projects.add(project);
            if (project.archivedAt() == null) {
                for (JsonNode key : entries(
                        "projects/" + URLEncoder.encode(project.id(), StandardCharsets.UTF_8) + "/api_keys", "")) {
                    keys.add(key(project, key));
                }
            }
        }
        List<Person> people = new ArrayList<>();
        for (JsonNode item : entries("users", "")) {
            people.add(new Person(
                    JsonFields.text(item, "id"),
                    JsonFields.email(item, "email"),
                    JsonFields.text(item, "name"),
                    JsonFields.text(item, "role"),
                    true));
        }
        return Optional.of(new Directory(projects, keys, people));
    }

    /** A key of a service account has no person. */
    private static ApiKey key(Workspace project, JsonNode key) throws ProviderTrouble {
        return new ApiKey(
                JsonFields.text(key, "id"),
                JsonFields.text(key, "name"),
                JsonFields.text(key, "redacted_value"),
                project.id(),
                time(key, "created_at"),
                "active",
                JsonFields.text(key.path("owner").path("user"), "id"));
    }

    private static OffsetDateTime time(JsonNode item, String field) throws ProviderTrouble {
        long seconds = JsonFields.count(item, field);
        return seconds == 0 ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
    }

    private List<JsonNode> entries(String path, String query) throws ProviderTrouble, InterruptedException {
        return api.list(path, "limit=" + LIST_MAX + query, "after");
    }

    @Override
    public Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        DayDrafts days = http.drafts(first, last);
        switch (dataset) {
            case OPENAI_COST ->
                report(
                        days,
                        "costs",
                        range(first, last) + groups(List.of("project_id", "line_item", "api_key_id")),
                        OpenAiClient::costRow);
            case OPENAI_USAGE -> {
                for (Report report : REPORTS) {
                    report(
                            days,
                            "usage/" + report.kind(),
                            range(first, last) + groups(report.groups()),
                            item -> usageRow(report, item));
                }
            }
            default -> throw new IllegalArgumentException(dataset + " (expected: a data set of OpenAI)");
        }
        return days.answers(dataset);
    }

    private String range(LocalDate first, LocalDate last) {
        return "start_time=%d&end_time=%d&bucket_width=1d&limit=%d"
                .formatted(seconds(first), seconds(last.plusDays(1)), pageDays);
    }

    private static long seconds(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toEpochSecond();
    }

    private static String groups(List<String> names) {
        StringBuilder query = new StringBuilder();
        names.forEach(name -> query.append("&group_by=").append(name));
        return query.toString();
    }

    /** Every report must have a bucket for each day, even an empty one. */
    private void report(DayDrafts days, String path, String query, DayDrafts.RowReader reader)
            throws ProviderTrouble, InterruptedException {
        Set<LocalDate> named = new HashSet<>();
        api.report(path, query, page -> {
            for (JsonNode bucket : JsonFields.list(page, "data")) {
                LocalDate day = day(path, bucket);
                Optional<DayDrafts.Draft> draft = days.of(day);
                if (draft.isPresent()) {
                    named.add(day);
                    for (JsonNode result : JsonFields.list(bucket, "results")) {
                        draft.get().take(result, reader);
                        draft.get().bill(result.path("amount"), "value");
                    }
                    draft.get().keep(page, "data", List.of(bucket));
                }
            }
        });
        days.missing(named, path);
    }

    /** The UTC day of a bucket that is one whole day. */
    private static LocalDate day(String path, JsonNode bucket) throws ProviderTrouble {
        long start = JsonFields.requiredCount(bucket, "start_time");
        long end = JsonFields.requiredCount(bucket, "end_time");
        if (start % DAY.toSeconds() != 0 || end - start != DAY.toSeconds()) {
            throw ProviderTrouble.passing(
                    "broken_answer", "%s: a bucket from %d to %d (expected: one UTC day)".formatted(path, start, end));
        }
        return LocalDate.ofInstant(Instant.ofEpochSecond(start), ZoneOffset.UTC);
    }

    private static DayRow costRow(JsonNode result) throws ProviderTrouble {
        JsonNode amount = result.path("amount");
        return DayRow.of(
                Arrays.asList(
                        JsonFields.text(result, "project_id"),
                        JsonFields.text(result, "api_key_id"),
                        JsonFields.text(result, "line_item"),
                        JsonFields.text(result, "quantity_unit")),
                Arrays.asList(
                        JsonFields.requiredDecimal(amount, "value"),
                        JsonFields.requiredText(amount, "currency").toUpperCase(Locale.ROOT),
                        JsonFields.optionalDecimal(result, "quantity")),
                unknown(result));
    }

    private static SortedMap<String, String> unknown(JsonNode result) {
        SortedMap<String, String> unknown = new TreeMap<>();
        result.properties().stream()
                .filter(field -> !COST_FIELDS.contains(field.getKey()))
                .forEach(field -> unknown.put(field.getKey(), field.getValue().toString()));
        return unknown;
    }

    private static DayRow usageRow(Report report, JsonNode item) throws ProviderTrouble {
        JsonFields.requiredCount(item, report.measure());
        long cached = JsonFields.count(item, "input_cached_tokens");
        long written = JsonFields.count(item, "input_cache_write_tokens");
        long uncached = JsonFields.count(item, "input_tokens") - cached - written;
        if (uncached < 0) {
            throw ProviderTrouble.lasting(
                    "broken_field",
                    "input_tokens: %s (expected: at least the %d that are cached or written)"
                            .formatted(item.path("input_tokens"), cached + written));
        }
        return DayRow.of(
                Arrays.asList(
                        report.kind(),
                        JsonFields.text(item, "project_id"),
                        JsonFields.text(item, "user_id"),
                        JsonFields.text(item, "api_key_id"),
                        JsonFields.text(item, "model"),
                        JsonFields.text(item, "batch"),
                        JsonFields.text(item, "service_tier"),
                        JsonFields.text(item, "size"),
                        JsonFields.text(item, "source")),
                List.of(
                        JsonFields.count(item, "num_model_requests"),
                        uncached,
                        JsonFields.count(item, "output_tokens"),
                        cached,
                        written,
                        JsonFields.count(item, "input_audio_tokens"),
                        JsonFields.count(item, "input_cached_audio_tokens"),
                        JsonFields.count(item, "output_audio_tokens"),
                        JsonFields.count(item, "images"),
                        JsonFields.count(item, "characters"),
                        JsonFields.count(item, "seconds"),
                        JsonFields.count(item, "num_sessions"),
                        JsonFields.count(item, "usage_bytes")));
    }
}

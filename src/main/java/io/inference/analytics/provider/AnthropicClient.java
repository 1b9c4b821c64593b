package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Anthropic's Admin API (platform.claude.com/docs, pages of the Usage and Cost API): cost_report,
 * usage_report/messages, usage_report/claude_code, workspaces, api_keys, users, me.
 *
 * <p>The cost report is read once, grouped by workspace and description, and all its rows are kept:
 * a null workspace is the default one, not a total. Amounts are decimal strings in cents.
 */
final class AnthropicClient implements ProviderClient {

    private static final int DAYS_PER_CALL = 31;
    private static final int PAGES_MAX = 1_000;
    private static final int CENT_DIGITS = 2;
    private static final String WRONG_ORGANIZATION = "wrong_organization";
    private static final Set<String> COST_TYPES = Set.of("tokens", "web_search", "code_execution", "session_usage");

    private static final Set<String> COST_FIELDS = Set.of(
            "workspace_id",
            "model",
            "token_type",
            "cost_type",
            "service_tier",
            "context_window",
            "description",
            "inference_geo",
            "amount",
            "currency");

    private final ProviderHttp http;
    private final PagedApi api;
    private final Optional<String> organization;
    private final int pageDays;
    private final int pageRecords;
    private volatile String found;

    AnthropicClient(
            ProviderHttp http, String base, String key, Optional<String> organization, int pageDays, int pageRecords) {
        this.http = http;
        this.api = new PagedApi(
                http,
                base.replaceAll("/+$", "") + "/v1/organizations",
                Map.of("x-api-key", key, "anthropic-version", "2023-06-01"),
                PAGES_MAX);
        this.organization = organization;
        this.pageDays = pageDays;
        this.pageRecords = pageRecords;
    }

    @Override
    public Map<String, Long> requests() {
        return http.requests();
    }

    @Override
    public Provider provider() {
        return Provider.ANTHROPIC;
    }

    @Override
    public List<Dataset> datasets() {
        return List.of(Dataset.COST, Dataset.USAGE, Dataset.CLAUDE_CODE);
    }

    @Override
    public int daysPerCall(Dataset dataset) {
        return dataset == Dataset.CLAUDE_CODE ? 1 : DAYS_PER_CALL;
    }

    /** The key's organisation by the provider; the setting's while the provider does not answer. */
    @Override
    public String orgRef() throws ProviderTrouble, InterruptedException {
        if (found == null) {
            try {
                check();
            } catch (ProviderTrouble e) {
                if (organization.isEmpty() || e.code().equals(WRONG_ORGANIZATION)) {
                    throw e;
                }
                return organization.get().toLowerCase(Locale.ROOT);
            }
        }
        return found;
    }

    @Override
    public void check() throws ProviderTrouble, InterruptedException {
        String actual = me();
        if (organization.isPresent() && !organization.get().equalsIgnoreCase(actual)) {
            throw ProviderTrouble.lasting(
                    WRONG_ORGANIZATION,
                    "ANTHROPIC_ORGANIZATION_ID: %s (expected: %s, the organisation of the key)"
                            .formatted(organization.get(), actual));
        }
        found = actual;
    }

    private String me() throws ProviderTrouble, InterruptedException {
        String id = JsonFields.text(api.get("me", ""), "id");
        if (id == null) {
            throw ProviderTrouble.lasting("broken_field", "organizations/me: no id");
        }
        return id;
    }

    @Override
    public Map<LocalDate, DayAnswer> fetch(Dataset dataset, LocalDate first, LocalDate last)
            throws ProviderTrouble, InterruptedException {
        DayDrafts days = http.drafts(first, last);
        switch (dataset) {
            case COST ->
                report(
                        days,
                        "cost_report",
                        range(first, last) + groups("workspace_id", "description"),
                        AnthropicClient::costRow);
            case USAGE ->
                report(
                        days,
                        "usage_report/messages",
                        range(first, last)
                                + groups("api_key_id", "workspace_id", "model", "service_tier", "context_window"),
                        AnthropicClient::usageRow);
            case CLAUDE_CODE -> claudeCode(days, first);
            default -> throw new IllegalArgumentException(dataset + " (expected: a data set of Anthropic)");
        }
        return days.answers(dataset);
    }

    private String range(LocalDate first, LocalDate last) {
        return "starting_at=%sT00:00:00Z&ending_at=%sT00:00:00Z&bucket_width=1d&limit=%d"
                .formatted(first, last.plusDays(1), pageDays);
    }

    private static String groups(String... names) {
        StringBuilder query = new StringBuilder();
        Arrays.stream(names).forEach(name -> query.append("&group_by%5B%5D=").append(name));
        return query.toString();
    }

    /** A bucket that is not one UTC day says nothing about any, so its day is missing. */
    private void report(DayDrafts days, String path, String query, DayDrafts.RowReader reader)
            throws ProviderTrouble, InterruptedException {
        api.report(path, query, page -> {
            for (JsonNode bucket : JsonFields.list(page, "data")) {
                Optional<DayDrafts.Draft> draft =
                        JsonFields.wholeDay(bucket, "starting_at").flatMap(days::of);
                if (draft.isPresent()) {
                    for (JsonNode result : JsonFields.list(bucket, "results")) {
                        draft.get().take(result, reader);
                        draft.get().bill(result, "amount");
                    }
                    draft.get().keep(page, "data", List.of(bucket));
                }
            }
        });
        days.missing();
    }

    private void claudeCode(DayDrafts days, LocalDate day) throws ProviderTrouble, InterruptedException {
        DayDrafts.Draft draft = days.of(day).orElseThrow();
        api.report("usage_report/claude_code", "starting_at=%s&limit=%d".formatted(day, pageRecords), page -> {
            List<JsonNode> kept = new ArrayList<>();
            for (JsonNode item : JsonFields.list(page, "data")) {
                if (JsonFields.day(JsonFields.text(item, "date")).equals(day)) {
                    draft.take(item, AnthropicClient::productivityRow);
                    kept.add(item);
                }
            }
            draft.keep(page, "data", kept);
        });
    }

    private static DayRow costRow(JsonNode result) throws ProviderTrouble {
        String type = JsonFields.text(result, "cost_type");
        BigDecimal dollars = JsonFields.requiredDecimal(result, "amount").movePointLeft(CENT_DIGITS);
        return DayRow.of(
                Arrays.asList(
                        JsonFields.text(result, "workspace_id"),
                        JsonFields.text(result, "model"),
                        JsonFields.text(result, "token_type"),
                        type == null ? "tokens" : COST_TYPES.contains(type) ? type : "other",
                        JsonFields.text(result, "service_tier"),
                        JsonFields.text(result, "context_window"),
                        JsonFields.text(result, "description"),
                        JsonFields.text(result, "inference_geo")),
                Arrays.asList(dollars, JsonFields.text(result, "currency")),
                unknown(result, type));
    }

    /** The fields of a line that have no column, and a type of cost that is not known. */
    private static SortedMap<String, String> unknown(JsonNode result, String type) {
        SortedMap<String, String> unknown = new TreeMap<>();
        result.properties().stream()
                .filter(field -> !COST_FIELDS.contains(field.getKey()))
                .forEach(field -> unknown.put(field.getKey(), field.getValue().toString()));
        if (type != null && !COST_TYPES.contains(type)) {
            unknown.put("cost_type", type);
        }
        return unknown;
    }

    private static DayRow usageRow(JsonNode result) throws ProviderTrouble {
        JsonNode creation = result.path("cache_creation");
        return DayRow.of(
                Arrays.asList(
                        JsonFields.text(result, "api_key_id"),
                        JsonFields.text(result, "workspace_id"),
                        JsonFields.text(result, "model"),
                        JsonFields.text(result, "service_tier"),
                        JsonFields.text(result, "context_window"),
                        JsonFields.text(result, "inference_geo")),
                List.of(
                        JsonFields.requiredCount(result, "uncached_input_tokens"),
                        JsonFields.requiredCount(result, "output_tokens"),
                        JsonFields.count(result, "cache_read_input_tokens"),
                        JsonFields.count(creation, "ephemeral_5m_input_tokens"),
                        JsonFields.count(creation, "ephemeral_1h_input_tokens"),
                        JsonFields.count(result.path("server_tool_use"), "web_search_requests")));
    }

    private static DayRow productivityRow(JsonNode item) throws ProviderTrouble {
        JsonNode actor = item.path("actor");
        JsonNode metrics = item.path("core_metrics");
        JsonNode lines = metrics.path("lines_of_code");
        List<Object> measures = new ArrayList<>(List.of(
                JsonFields.count(metrics, "num_sessions"),
                JsonFields.count(lines, "added"),
                JsonFields.count(lines, "removed"),
                JsonFields.count(metrics, "commits_by_claude_code"),
                JsonFields.count(metrics, "pull_requests_by_claude_code")));
        for (String tool : List.of("edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool")) {
            JsonNode actions = item.path("tool_actions").path(tool);
            measures.add(JsonFields.count(actions, "accepted"));
            measures.add(JsonFields.count(actions, "rejected"));
        }
        List<DayRow.Estimate> estimates = new ArrayList<>();
        for (JsonNode model : item.path("model_breakdown")) {
            JsonNode tokens = model.path("tokens");
            String name = JsonFields.text(model, "model");
            estimates.add(new DayRow.Estimate(
                    name == null ? "unknown" : name,
                    JsonFields.count(tokens, "input"),
                    JsonFields.count(tokens, "output"),
                    JsonFields.count(tokens, "cache_read"),
                    JsonFields.count(tokens, "cache_creation"),
                    JsonFields.decimal(model.path("estimated_cost"), "amount").movePointLeft(CENT_DIGITS)));
        }
        String type = JsonFields.text(actor, "type");
        return DayRow.of(
                Arrays.asList(
                        type == null ? "unknown" : type,
                        JsonFields.email(actor, "email_address"),
                        JsonFields.text(actor, "api_key_name"),
                        JsonFields.text(item, "terminal_type"),
                        JsonFields.text(item, "customer_type"),
                        JsonFields.text(item, "subscription_type")),
                measures,
                estimates);
    }

    @Override
    public Optional<Directory> directory() throws ProviderTrouble, InterruptedException {
        List<Workspace> workspaces = new ArrayList<>();
        for (JsonNode item : entries("workspaces", "&include_archived=true")) {
            workspaces.add(new Workspace(
                    JsonFields.text(item, "id"),
                    JsonFields.text(item, "name"),
                    JsonFields.text(item, "display_color"),
                    JsonFields.time(item, "created_at"),
                    JsonFields.time(item, "archived_at")));
        }
        List<ApiKey> keys = new ArrayList<>();
        for (JsonNode item : entries("api_keys", "")) {
            String maker = JsonFields.text(item.path("principal"), "id");
            keys.add(new ApiKey(
                    JsonFields.text(item, "id"),
                    JsonFields.text(item, "name"),
                    JsonFields.text(item, "partial_key_hint"),
                    JsonFields.text(item, "workspace_id"),
                    JsonFields.time(item, "created_at"),
                    JsonFields.text(item, "status"),
                    maker == null ? JsonFields.text(item.path("created_by"), "id") : maker));
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
        return Optional.of(new Directory(workspaces, keys, people));
    }

    private List<JsonNode> entries(String path, String query) throws ProviderTrouble, InterruptedException {
        return api.list(path, "limit=" + pageRecords + query, "after_id");
    }
}

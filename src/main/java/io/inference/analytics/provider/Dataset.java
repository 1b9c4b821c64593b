package io.inference.analytics.provider;

import io.inference.analytics.platform.WireNamed;
import java.util.List;
import java.util.Optional;

/**
 * What is imported day by day: one line of the ledger per day, and one table. A row has dimensions, which make its key within a
 * day, and measures. Both are named as the columns in which they are stored.
 *
 * <p>Several reports of a provider may fill one data set, with a dimension that separates them: OpenAI's usage reports are lines of
 * {@code OpenAiClient.REPORTS}, and {@code kind} in one table. A report of the same shape is one more such line. A new data set is a
 * constant here, a case in its client's {@code fetch}, a table in {@code bills.BaseTables} and {@code bills.Derivation}, and a
 * migration.
 */
public enum Dataset implements WireNamed {
    COST(
            Provider.ANTHROPIC,
            "cost",
            List.of(
                    "workspace_id",
                    "model",
                    "token_type",
                    "cost_type",
                    "service_tier",
                    "context_window",
                    "description",
                    "inference_geo"),
            List.of("amount_usd", "currency"),
            new Bill("amount_usd", "$.data[*].results[*]", "$.amount", Bill.CENTS, "$")),
    USAGE(
            Provider.ANTHROPIC,
            "usage",
            List.of("api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo"),
            List.of(
                    "uncached_input_tokens",
                    "output_tokens",
                    "cache_read_input_tokens",
                    "cache_creation_5m_tokens",
                    "cache_creation_1h_tokens",
                    "web_search_requests"),
            null),
    CLAUDE_CODE(
            Provider.ANTHROPIC,
            "claude_code",
            List.of("actor_type", "user_email", "api_key_name", "terminal_type", "customer_type", "subscription_type"),
            List.of(
                    "num_sessions",
                    "lines_added",
                    "lines_removed",
                    "commits_by_claude_code",
                    "pull_requests_by_claude_code",
                    "edit_tool_accepted",
                    "edit_tool_rejected",
                    "multi_edit_tool_accepted",
                    "multi_edit_tool_rejected",
                    "write_tool_accepted",
                    "write_tool_rejected",
                    "notebook_edit_tool_accepted",
                    "notebook_edit_tool_rejected"),
            null),
    CURSOR_DAILY_USAGE(
            Provider.CURSOR,
            "daily_usage",
            List.of("user_id", "user_email"),
            List.of(
                    "is_active",
                    "total_lines_added",
                    "total_lines_deleted",
                    "accepted_lines_added",
                    "accepted_lines_deleted",
                    "total_applies",
                    "total_accepts",
                    "total_rejects",
                    "total_tabs_shown",
                    "total_tabs_accepted",
                    "composer_requests",
                    "chat_requests",
                    "agent_requests",
                    "cmdk_usages",
                    "subscription_included_reqs",
                    "api_key_reqs",
                    "usage_based_reqs",
                    "bugbot_usages",
                    "most_used_model",
                    "apply_most_used_extension",
                    "tab_most_used_extension",
                    "client_version"),
            null),
    CURSOR_EVENTS(
            Provider.CURSOR,
            "events",
            List.of(
                    "occurred_at",
                    "user_email",
                    "model",
                    "kind",
                    "is_chargeable",
                    "is_token_based",
                    "is_headless",
                    "max_mode",
                    "input_tokens",
                    "output_tokens",
                    "cache_write_tokens",
                    "cache_read_tokens",
                    "ordinal"),
            List.of("requests_costs", "charged_usd", "included_usd", "cursor_token_fee_usd"),
            new Bill(
                    "charged_usd",
                    "$.usageEvents[*]",
                    "$.chargedCents",
                    Bill.CENTS,
                    """
                    $ ? (@.isChargeable == true
                         && @.kind like_regex "usage[^a-z]*based|on[^a-z]*demand|api[^a-z]*key" flag "i"
                         && !(@.kind like_regex "free|not?[^a-z]*charge|errored|aborted" flag "i"))
                    """)),
    CURSOR_SPEND(
            Provider.CURSOR,
            "spend",
            List.of("billing_cycle_start", "user_id", "user_email"),
            List.of(
                    "user_name",
                    "user_role",
                    "spend_usd",
                    "included_spend_usd",
                    "fast_premium_requests",
                    "monthly_limit_dollars",
                    "hard_limit_override_dollars",
                    "billing_cycle_started_at"),
            null),
    OPENAI_COST(
            Provider.OPENAI,
            "cost",
            List.of("project_id", "api_key_id", "line_item", "quantity_unit"),
            List.of("amount_usd", "currency", "quantity"),
            new Bill("amount_usd", "$.data[*].results[*]", "$.amount.value", Bill.DOLLARS, "$")),
    OPENAI_USAGE(
            Provider.OPENAI,
            "usage",
            List.of(
                    "kind",
                    "project_id",
                    "user_id",
                    "api_key_id",
                    "model",
                    "batch",
                    "service_tier",
                    "image_size",
                    "image_source"),
            List.of(
                    "requests",
                    "uncached_input_tokens",
                    "output_tokens",
                    "cache_read_input_tokens",
                    "cache_write_input_tokens",
                    "input_audio_tokens",
                    "cached_audio_tokens",
                    "output_audio_tokens",
                    "images",
                    "characters",
                    "seconds",
                    "sessions",
                    "usage_bytes"),
            null),
    CLAUDE_AI_AUDIT(
            Provider.CLAUDE_AI,
            "audit",
            List.of(
                    "occurred_at",
                    "user_email",
                    "user_name",
                    "user_uuid",
                    "event_type",
                    "entity_type",
                    "entity_id",
                    "conversation_id",
                    "project_id",
                    "client_platform",
                    "ordinal"),
            List.of(),
            null);

    /**
     * How billed amounts are found.
     *
     * @param measure the column with US dollars
     * @param items jsonpath of the items of an archived page
     * @param amount jsonpath of an item's amount
     * @param decimals how many digits of the amount are below a US dollar: {@link #CENTS} or {@link
     *     #DOLLARS}
     * @param charged jsonpath that an item matches if its amount is charged
     */
    public record Bill(String measure, String items, String amount, int decimals, String charged) {

        /** Amounts are cents. */
        static final int CENTS = 2;

        /** Amounts are dollars. */
        static final int DOLLARS = 0;
    }

    private final Provider provider;
    private final String wireName;
    private final List<String> dimensions;
    private final List<String> measures;
    private final Optional<Bill> bill;

    Dataset(Provider provider, String wireName, List<String> dimensions, List<String> measures, Bill bill) {
        this.provider = provider;
        this.wireName = wireName;
        this.dimensions = dimensions;
        this.measures = measures;
        this.bill = Optional.ofNullable(bill);
    }

    public Provider provider() {
        return provider;
    }

    /** As in the ledger. */
    @Override
    public String wireName() {
        return wireName;
    }

    public List<String> dimensions() {
        return dimensions;
    }

    public List<String> measures() {
        return measures;
    }

    /** How its billed amounts are found; empty when it bills nothing. */
    public Optional<Bill> bill() {
        return bill;
    }

    /** The measure with billed US dollars; empty when it bills nothing. */
    public Optional<String> amount() {
        return bill.map(Bill::measure);
    }

    /** False when only today's state can be read: a day that was missed is lost, and not a gap. */
    public boolean hasPast() {
        return this != CURSOR_SPEND;
    }

    /** Whether rows carry the provider's own estimates, which are never paid. */
    public boolean hasEstimates() {
        return this == CLAUDE_CODE;
    }

    public static Dataset of(Provider provider, String wireName) {
        for (Dataset dataset : values()) {
            if (dataset.provider == provider && dataset.wireName.equals(wireName)) {
                return dataset;
            }
        }
        throw new IllegalArgumentException("dataset: " + wireName + " (expected: one of " + provider.wireName() + ")");
    }
}

package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;

/** The table that holds the days of a data set, as the provider reported them. */
final class BaseTables {

    private BaseTables() {}

    static String of(Dataset dataset) {
        return switch (dataset) {
            case COST -> "analytics.claude_costs";
            case USAGE -> "analytics.claude_usage_report";
            case CLAUDE_CODE -> "analytics.claude_code_productivity";
            case CURSOR_DAILY_USAGE -> "analytics.cursor_daily_usage";
            case CURSOR_EVENTS -> "analytics.cursor_usage_event";
            case CURSOR_SPEND -> "analytics.cursor_spend_snapshot";
            case OPENAI_COST -> "analytics.openai_costs";
            case OPENAI_USAGE -> "analytics.openai_usage_report";
            case CLAUDE_AI_AUDIT -> "analytics.claude_ai_event";
        };
    }
}

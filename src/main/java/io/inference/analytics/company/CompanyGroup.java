package io.inference.analytics.company;

import io.inference.analytics.platform.WireNamed;

/** How figures of the whole company can be split. */
enum CompanyGroup implements WireNamed {
    DAY("day", "day", "cost_date"),
    PROVIDER("provider", "provider", "analytics.provider_of(provider)"),
    PLATFORM("platform", "platform", "provider"),
    MODEL("model", "model", "model"),
    WORKSPACE("workspace", "workspaceId", "workspace_id"),
    USER("user", "userEmail", "user_email"),
    TEAM("team", "team", "team"),
    TOKEN_TYPE("tokenType", "tokenType", "token_type"),
    ORGANIZATION("organization", "organizationId", "organization_id");

    private final String wireName;
    private final String field;
    private final String column;

    CompanyGroup(String wireName, String field, String column) {
        this.wireName = wireName;
        this.field = field;
        this.column = column;
    }

    /** As in the query string. */
    @Override
    public String wireName() {
        return wireName;
    }

    /** The name of the field in answers, and of the column in a result. */
    String field() {
        return field;
    }

    /** The expression over vw_combined_daily_costs. */
    String column() {
        return column;
    }
}

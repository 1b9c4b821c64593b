package io.inference.analytics.company;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What figures of the whole company can be split by. */
enum CompanyGroup {
    @JsonProperty("day")
    DAY("day", "day", "cost_date"),
    @JsonProperty("provider")
    PROVIDER("provider", "provider", "case provider when 'cursor' then 'cursor' else 'anthropic' end"),
    @JsonProperty("platform")
    PLATFORM("platform", "platform", "provider"),
    @JsonProperty("model")
    MODEL("model", "model", "model"),
    @JsonProperty("workspace")
    WORKSPACE("workspace", "workspaceId", "workspace_id"),
    @JsonProperty("user")
    USER("user", "userEmail", "user_email"),
    @JsonProperty("team")
    TEAM("team", "team", "team"),
    @JsonProperty("tokenType")
    TOKEN_TYPE("tokenType", "tokenType", "token_type"),
    @JsonProperty("organization")
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
    String wireName() {
        return wireName;
    }

    /** As in answers. */
    String field() {
        return field;
    }

    /** In vw_combined_daily_costs. */
    String column() {
        return column;
    }
}

package io.inference.analytics.provider;

/**
 * A workspace of Anthropic as people's entries name it.
 *
 * @param id the provider's id, or {@link #DEFAULT} for the default workspace, which has none
 * @param organization the organisation of the default workspace; empty: every organisation without
 *     an entry of its own. Always empty for other workspaces, whose ids are unique
 */
public record WorkspaceRef(String id, String organization) {

    /** The id of the default workspace in the tables. */
    public static final String DEFAULT = "(default)";

    /** The name that people use for it. */
    static final String DEFAULT_NAME = "default";

    /**
     * Without an organisation: the default workspace is then that of every one without an entry.
     */
    public static WorkspaceRef of(String workspace) {
        return workspace.equals(DEFAULT_NAME) ? new WorkspaceRef(DEFAULT, "") : new WorkspaceRef(workspace, "");
    }

    /** The name that people use, fit for the log. */
    @Override
    public String toString() {
        String name = id.equals(DEFAULT) ? DEFAULT_NAME : id.replaceAll("[^ !#-~]", "?");
        return organization.isEmpty() ? name : name + " of " + organization;
    }
}

package io.inference.analytics.provider;

/**
 * A workspace of Anthropic as entries name it.
 *
 * @param id as the provider says, or {@link #DEFAULT} for the one without
 * @param organization of the one without an id, which every organisation has; empty: of each that has no entry of its own. Always
 *     empty for the others, whose ids are unique
 */
public record WorkspaceRef(String id, String organization) {

    /** How the tables name the workspace without an id. */
    public static final String DEFAULT = "(default)";

    /** What people call it. */
    static final String DEFAULT_NAME = "default";

    /** Of no certain organisation: for the workspace without an id, of each that has no entry of its own. */
    public static WorkspaceRef of(String workspace) {
        return workspace.equals(DEFAULT_NAME) ? new WorkspaceRef(DEFAULT, "") : new WorkspaceRef(workspace, "");
    }

    /** As people call it, and as a log can hold it. */
    @Override
    public String toString() {
        String name = id.equals(DEFAULT) ? DEFAULT_NAME : id.replaceAll("[^ !#-~]", "?");
        return organization.isEmpty() ? name : name + " of " + organization;
    }
}

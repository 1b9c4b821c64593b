package io.inference.analytics.provider;

import io.inference.analytics.platform.Failure;
import java.util.Optional;

/**
 * A workspace as a person names it.
 *
 * @param id the provider's id, or {@code default} for the default workspace, which has none
 * @param organization the organisation whose default workspace is meant; empty for every other
 *     workspace, because their ids are unique
 */
public record WorkspaceName(String id, Optional<String> organization) {

    /** @throws Failure.Invalid when there is no id, or an organisation that means nothing */
    public WorkspaceName {
        id = id.strip();
        if (id.isEmpty()) {
            throw new Failure.Invalid("workspace", "workspace: empty (expected: the id of a workspace, or default)");
        }
        if (organization.isPresent() && !id.equals(WorkspaceRef.DEFAULT_NAME)) {
            throw new Failure.Invalid(
                    "organization", "organization: %s (expected: only with default)".formatted(organization.get()));
        }
    }

    @Override
    public String toString() {
        return id + organization.map(name -> " of " + name).orElse("");
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.bills.ProviderOrganizations;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.provider.WorkspaceRef;
import java.sql.SQLException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code --workspace} and, for the one without an id, {@code --organization}. */
final class WorkspaceOption {

    @Option(
            names = "--workspace",
            required = true,
            paramLabel = "ID",
            description = "Its id, or default for the one without; each organisation has one of those.")
    String id;

    @Mixin
    OrganizationOption organization;

    void validate() {
        check(id, organization);
    }

    static void check(String id, OrganizationOption organization) {
        if (id.isBlank()) {
            throw new Failure.Invalid(
                    "--workspace", "--workspace: empty (expected: the id of a workspace, or default)");
        }
        organization.validate();
        if (organization.id != null && !id.strip().equals("default")) {
            throw new Failure.Invalid(
                    "--organization", "--organization: %s (expected: only with default)".formatted(organization.id));
        }
    }

    /** As the caller named it. */
    String named() {
        return id.strip() + organization.get().map(of -> " of " + of).orElse("");
    }

    WorkspaceRef of(ProviderOrganizations organizations) throws SQLException {
        return organizations.workspace(id.strip(), organization.get());
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.attribution.ProviderMappings;
import io.inference.analytics.bills.ProviderOrganizations;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers map-workspace}. */
@Dependent
@Command(
        name = "map-workspace",
        description = "Says what a workspace is used for, from a day on; the days since are derived anew.")
class ProvidersMapWorkspaceCommand implements ServiceCommand {

    @Mixin
    WorkspaceOption workspace;

    @Option(
            names = "--platform",
            required = true,
            paramLabel = "P",
            description = "claude_code, claude_api or claude_ai.")
    String platform;

    @Mixin
    FirstDayOption from;

    @Inject
    ProviderMappings mappings;

    @Inject
    ProviderOrganizations organizations;

    @Override
    public void validate() {
        ProviderArguments.platform(platform);
        workspace.validate();
        from.get();
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        int days = mappings.mapWorkspace(
                workspace.of(organizations), ProviderArguments.platform(platform), from.get(), ProviderArguments.BY);
        out.printf(
                "workspace %s is %s from %s; days derived anew: %d%n", workspace.named(), platform, from.get(), days);
        return 0;
    }
}

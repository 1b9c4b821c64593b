package io.inference.analytics.cli;

import io.inference.analytics.providers.ProviderMappings;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code providers map-workspace}. */
@Dependent
@Command(
        name = "map-workspace",
        description = "Says what a workspace is used for, from a day on; the days since are derived anew.")
class ProvidersMapWorkspaceCommand implements ServiceCommand {

    @Option(
            names = "--workspace",
            required = true,
            paramLabel = "ID",
            description = "Its id, or default for the one without.")
    String workspace;

    @Option(
            names = "--platform",
            required = true,
            paramLabel = "P",
            description = "claude_code, claude_api or claude_ai.")
    String platform;

    @Option(names = "--from", required = true, paramLabel = "DATE", description = "The first UTC day.")
    String from;

    @Inject
    ProviderMappings mappings;

    @Override
    public void validate() {
        ProviderArguments.platform(platform);
        DayArgument.of("--from", from);
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        int days = mappings.mapWorkspace(
                workspace.strip(),
                ProviderArguments.platform(platform),
                DayArgument.of("--from", from),
                ProviderArguments.BY);
        out.printf("workspace %s is %s from %s; days derived anew: %d%n", workspace, platform, from, days);
        return 0;
    }
}

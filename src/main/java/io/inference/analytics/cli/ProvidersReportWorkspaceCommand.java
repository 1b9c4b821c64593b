package io.inference.analytics.cli;

import io.inference.analytics.attribution.WorkspaceReports;
import io.inference.analytics.bills.ProviderOrganizations;
import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code providers report-workspace}. */
@Dependent
@Command(
        name = "report-workspace",
        description = {
            "Says whether reports show a workspace: vw_reported_daily_costs, and provider-costs?reported=true.",
            "Imports, totals and every other view hold all workspaces, so that they match the provider's own figures."
        })
class ProvidersReportWorkspaceCommand implements ServiceCommand {

    @Mixin
    WorkspaceOption workspace;

    @Option(names = "--show", required = true, paramLabel = "yes|no", description = "yes (as before any entry) or no.")
    String show;

    @Inject
    WorkspaceReports reports;

    @Inject
    ProviderOrganizations organizations;

    @Override
    public void validate() {
        workspace.validate();
        if (!show.matches("yes|no")) {
            throw new Failure.Invalid("--show", "--show: %s (expected: yes or no)".formatted(show));
        }
    }

    @Override
    public boolean changesSomething() {
        return true;
    }

    @Override
    public int run(PrintWriter out) throws SQLException {
        reports.show(workspace.of(organizations), show.equals("yes"), ProviderArguments.BY);
        out.printf("workspace %s is %s%n", workspace.named(), show.equals("yes") ? "reported" : "left out of reports");
        return 0;
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.attribution.UnmappedCosts;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine.Command;

/** {@code providers mappings todo}. */
@Dependent
@Command(
        name = "todo",
        description =
                "Lists workspaces and keys that cost something and that nobody has mapped, the most expensive first.")
class ProvidersMappingsTodoCommand implements ServiceCommand {

    @Inject
    UnmappedCosts costs;

    @Override
    public int run(PrintWriter out) throws SQLException {
        var unmapped = costs.list();
        unmapped.forEach(entry -> out.printf(
                "%s\t%s\t%s\t%s to %s\t%s USD%n",
                entry.kind(),
                entry.id(),
                entry.name().orElse("-"),
                entry.first(),
                entry.last(),
                ProviderArguments.plain(entry.amountUsd())));
        out.printf("unmapped: %d%n", unmapped.size());
        return 0;
    }
}

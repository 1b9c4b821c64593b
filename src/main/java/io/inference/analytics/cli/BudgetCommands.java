package io.inference.analytics.cli;

import io.inference.analytics.budget.Budgets;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code budgets …}. */
@Command(
        name = "budgets",
        description = "The budgets of organisations.",
        subcommands = {BudgetCommands.ListBudgets.class})
final class BudgetCommands {

    @Dependent
    @Command(
            name = "list",
            description = "Prints the budgets with their state and the messages that were given up, tab-separated.")
    static class ListBudgets implements ServiceCommand {

        @Option(names = "--org", paramLabel = "UUID", description = "Only this organisation.")
        Optional<UUID> org;

        @Inject
        Budgets budgets;

        @Override
        public int run(PrintWriter out) {
            budgets.lines(org).forEach(out::println);
            return 0;
        }
    }
}

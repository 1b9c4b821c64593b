package io.inference.analytics.budget;

import io.inference.analytics.series.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/** Budgets as lines of a terminal. */
final class BudgetLines {

    private BudgetLines() {}

    /**
     * One line per budget below the names of the columns, tab-separated.
     *
     * @param failed messages that were given up, by budget
     */
    static List<String> of(List<Budget> budgets, Map<UUID, Integer> failed) {
        List<String> lines = new ArrayList<>();
        lines.add(
                "ORGANISATION\tNAME\tUSD\tPERIOD\tTIME ZONE\tMODEL\tCLIENT\tTHRESHOLDS\tSTATUS\tREACHED\tSPENT\tSINCE\tFAILED MESSAGES\tUSER");
        for (Budget budget : budgets) {
            Budget.Definition definition = budget.definition();
            lines.add(String.join(
                    "\t",
                    budget.org().toString(),
                    budget.name(),
                    BudgetView.plain(definition.amountUsd()),
                    definition.period().wireName(),
                    BudgetView.zoneName(definition.zone()),
                    definition.scope().model().map(UUID::toString).orElse("all"),
                    definition.scope().client().orElse("all"),
                    definition.thresholds().stream().map(String::valueOf).collect(Collectors.joining(",")),
                    budget.state().map(state -> state.status().wireName()).orElse("-"),
                    budget.state()
                            .flatMap(Budget.State::threshold)
                            .map(threshold -> threshold + " %")
                            .orElse("-"),
                    budget.state()
                            .map(state -> Cost.ofCents(state.spentCents()).amount())
                            .orElse("-"),
                    budget.state().map(state -> state.since().toString()).orElse("-"),
                    failed.getOrDefault(budget.id(), 0).toString(),
                    budget.userErasedAt().isPresent()
                            ? "erased"
                            : definition.scope().user().map(UUID::toString).orElse("all")));
        }
        return lines;
    }
}

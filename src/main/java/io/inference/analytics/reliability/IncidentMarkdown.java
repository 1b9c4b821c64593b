package io.inference.analytics.reliability;

import io.inference.analytics.reliability.IncidentSummary.Affected;
import io.inference.analytics.reliability.IncidentSummary.Phases;
import io.inference.analytics.reliability.ReliabilitySeries.Figures;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The summary as Markdown, for a post-mortem. Text chosen by callers cannot break out of its cell.
 */
final class IncidentMarkdown {

    private static final String NONE = "–";

    /** Where traffic is too thin to compare, the worst few still say who was hit. */
    private static final int FAILING_MAX = 5;

    private IncidentMarkdown() {}

    static String of(IncidentSummary summary) {
        StringBuilder text = new StringBuilder();
        text.append("# Incident of ")
                .append(cell(summary.orgName()))
                .append(", ")
                .append(summary.during().start())
                .append(" to ")
                .append(summary.during().end())
                .append("\n\n");
        text.append("| | Before | During | After |\n|---|---:|---:|---:|\n");
        Phases whole = summary.whole();
        row(
                text,
                "Window from",
                summary.before().start(),
                summary.during().start(),
                summary.after().start());
        row(
                text,
                "Invocations",
                whole.before().invocations(),
                whole.during().invocations(),
                whole.after().invocations());
        row(text, "Error rate", rate(whole.before()), rate(whole.during()), rate(whole.after()));
        row(text, "p50, p95, p99 (ms)", latency(whole.before()), latency(whole.during()), latency(whole.after()));
        text.append('\n');
        text.append("Failed calls: ")
                .append(summary.failed().invocations())
                .append(", ")
                .append(summary.failed().inputTokens())
                .append(" input and ")
                .append(summary.failed().outputTokens())
                .append(" output tokens, ")
                .append(
                        summary.failed().cost() == null
                                ? "without a price"
                                : summary.failed().cost().amount() + " "
                                        + summary.failed().cost().currency())
                .append(
                        summary.failed().unpricedInvocations() == 0
                                ? ""
                                : " (" + summary.failed().unpricedInvocations() + " of them have no price)");
        if (summary.failed().firstAt() != null) {
            text.append("; the first at ")
                    .append(summary.failed().firstAt())
                    .append(", the last at ")
                    .append(summary.failed().lastAt());
        }
        text.append(".\n");
        affected(text, "Models", summary.models());
        affected(text, "Clients", summary.clients());
        affected(text, "Models by client", summary.modelsByClient());
        errors(text, summary);
        text.append("\nMade at ").append(summary.generatedAt()).append(" from the raw events.\n");
        return text.toString();
    }

    private static void affected(StringBuilder text, String title, List<Affected> entries) {
        text.append("\n## ").append(title).append("\n\n");
        List<Affected> shown = entries.stream().filter(Affected::affected).toList();
        if (shown.isEmpty()) {
            shown = entries.stream()
                    .filter(entry -> entry.figures().during().errors() > 0)
                    .limit(FAILING_MAX)
                    .toList();
            if (shown.isEmpty()) {
                text.append("None failed, and none went much worse than before.\n");
                return;
            }
            text.append("None went much worse by the rule for spikes. These had the most failed calls:\n\n");
        }
        text.append("| | Error rate before | during | after | p95 before (ms) | during | after | Errors | Worse |\n");
        text.append("|---|---:|---:|---:|---:|---:|---:|---:|---|\n");
        for (Affected entry : shown) {
            Phases figures = entry.figures();
            row(
                    text,
                    name(entry),
                    rate(figures.before()),
                    rate(figures.during()),
                    rate(figures.after()),
                    p95(figures.before()),
                    p95(figures.during()),
                    p95(figures.after()),
                    figures.during().errors(),
                    entry.affected()
                            ? entry.causes().stream()
                                    .map(SpikeRule.Cause::wireName)
                                    .collect(Collectors.joining(", "))
                            : NONE);
        }
    }

    private static void errors(StringBuilder text, IncidentSummary summary) {
        text.append("\n## Errors\n\n");
        if (summary.errorClasses().isEmpty()) {
            text.append("None.\n");
            return;
        }
        text.append("| Status | Code | Invocations | First | Last |\n|---|---|---:|---|---|\n");
        summary.errorClasses()
                .forEach(error -> row(
                        text,
                        error.status(),
                        error.errorCode() == null ? NONE : cell(error.errorCode()),
                        error.invocations(),
                        error.firstAt(),
                        error.lastAt()));
    }

    private static void row(StringBuilder text, Object... cells) {
        text.append('|');
        for (Object cell : cells) {
            text.append(' ').append(cell).append(" |");
        }
        text.append('\n');
    }

    private static String name(Affected entry) {
        String client =
                entry.clientId() == null ? null : entry.clientId().isEmpty() ? "(no client)" : cell(entry.clientId());
        if (entry.modelName() == null) {
            return client;
        }
        return cell(entry.modelName()) + (client == null ? "" : " for " + client);
    }

    private static String rate(Figures figures) {
        return figures.invocations() == 0 ? NONE : String.format(Locale.ROOT, "%.2f %%", 100 * figures.errorRate());
    }

    private static String latency(Figures figures) {
        return figures.latencyMs() == null
                ? NONE
                : String.format(
                        Locale.ROOT,
                        "%.0f, %.0f, %.0f",
                        figures.latencyMs().p50(),
                        figures.latencyMs().p95(),
                        figures.latencyMs().p99());
    }

    private static String p95(Figures figures) {
        return figures.latencyMs() == null
                ? NONE
                : String.format(Locale.ROOT, "%.0f", figures.latencyMs().p95());
    }

    /** Escapes what Markdown or HTML would interpret, and what would end the cell. */
    static String cell(String text) {
        StringBuilder cell = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (character < ' ' || character == 127) {
                cell.append(' ');
            } else if (character == '<') {
                cell.append("&lt;");
            } else if (character == '&') {
                cell.append("&amp;");
            } else {
                if ("\\`*_{}[]()#+!|~>".indexOf(character) >= 0) {
                    cell.append('\\');
                }
                cell.appendCodePoint(character);
            }
        });
        return cell.toString();
    }
}

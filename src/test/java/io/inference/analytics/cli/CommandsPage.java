package io.inference.analytics.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Makes {@code docs/commands.md}: the help of every command, in the order in which the help lists them. */
final class CommandsPage {

    static final Path PAGE = Path.of("docs/commands.md");

    private static final int WIDTH = 100;

    private CommandsPage() {}

    static String text() {
        StringBuilder page = new StringBuilder(
                """
                # Commands

                This page is generated: `mvn test -Dtest=CommandsPageTest -Danalytics.write-docs` writes it again.

                The jar of the server is also the command line:
                `java -jar target/quarkus-app/quarkus-run.jar COMMAND`; for the local stack,
                `local-dev/analytics COMMAND`.
                """);
        PrintWriter silent = new PrintWriter(new StringWriter());
        append(Invocation.line(CommandLine.defaultFactory(), silent, silent), page);
        return page.toString();
    }

    private static void append(CommandLine line, StringBuilder page) {
        UsageMessageSpec usage = line.getCommandSpec().usageMessage();
        usage.autoWidth(false);
        usage.width(WIDTH);
        page.append("\n## %s\n\n```\n%s```\n"
                .formatted(
                        line.getCommandSpec().qualifiedName(),
                        line.getUsageMessage(Ansi.OFF).replaceAll(" +\n", "\n")));
        line.getSubcommands().values().stream().distinct().forEach(command -> append(command, page));
    }
}

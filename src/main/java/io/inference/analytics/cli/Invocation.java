package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import java.io.PrintWriter;
import java.time.Instant;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What the arguments ask for. */
sealed interface Invocation {

    /** Help was printed, or a mistake in the arguments. */
    record Ended(int exitCode) implements Invocation {}

    /** The server is wanted. */
    record Serve() implements Invocation {}

    /** A command is wanted; its arguments are good. */
    record Run(ServiceCommand command) implements Invocation {}

    static Invocation read(String[] args, PrintWriter out, PrintWriter err) {
        CommandLine line = line(CommandLine.defaultFactory(), out, err);
        try {
            ParseResult result = line.parseArgs(args);
            Integer help = CommandLine.executeHelpRequest(result);
            if (help != null) {
                return new Ended(help);
            }
            CommandLine leaf = leaf(result);
            if (leaf.getCommand() instanceof ServiceCommand command) {
                command.validate();
                return new Run(command);
            }
            if (leaf.getCommand() instanceof ServeCommand || leaf == line) {
                return new Serve();
            }
            throw new ParameterException(
                    leaf,
                    "a subcommand is missing (expected: "
                            + String.join(" or ", leaf.getSubcommands().keySet()) + ")");
        } catch (ParameterException e) {
            return new Ended(usage(e, err));
        } catch (Failure.Invalid e) {
            err.println("analytics: " + e.getMessage());
            return new Ended(CommandLine.ExitCode.USAGE);
        }
    }

    /** The commands, whose objects the factory makes. */
    static CommandLine line(IFactory factory, PrintWriter out, PrintWriter err) {
        return new CommandLine(AnalyticsCommand.class, factory)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Instant.class, UtcTime::parse)
                .setUsageHelpAutoWidth(true);
    }

    static CommandLine leaf(ParseResult result) {
        ParseResult deepest = result;
        while (deepest.hasSubcommand()) {
            deepest = deepest.subcommand();
        }
        return deepest.commandSpec().commandLine();
    }

    static int usage(ParameterException e, PrintWriter err) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        err.println("analytics: " + e.getMessage().lines().findFirst().orElse("") + "; try " + name + " --help");
        return CommandLine.ExitCode.USAGE;
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** What the arguments ask for. */
sealed interface Invocation {

    /** Help was printed, or a mistake in the arguments. */
    record Ended(int exitCode) implements Invocation {}

    /** The server is to run. */
    record Serve() implements Invocation {}

    /** A command is to run; its arguments are valid. */
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
                return checked(command, leaf, err);
            }
            if (leaf.getCommand() instanceof AnalyticsCommand.Serve || leaf == line) {
                return new Serve();
            }
            throw new ParameterException(
                    leaf,
                    "a subcommand is missing (expected: "
                            + String.join(" or ", leaf.getSubcommands().keySet()) + ")");
        } catch (ParameterException e) {
            return new Ended(usage(e, err));
        }
    }

    private static Invocation checked(ServiceCommand command, CommandLine leaf, PrintWriter err) {
        try {
            command.validate();
            return new Run(command);
        } catch (Failure.Invalid e) {
            err.println(FieldNames.line(e, leaf.getCommandSpec()));
            return new Ended(CommandLine.ExitCode.USAGE);
        }
    }

    /** All commands; the factory makes their objects. */
    static CommandLine line(IFactory factory, PrintWriter out, PrintWriter err) {
        CommandLine line =
                new CommandLine(AnalyticsCommand.class, factory).setOut(out).setErr(err);
        Arguments.register(line);
        return line.setUsageHelpAutoWidth(true);
    }

    static CommandLine leaf(ParseResult result) {
        ParseResult deepest = result;
        while (deepest.hasSubcommand()) {
            deepest = deepest.subcommand();
        }
        return deepest.commandSpec().commandLine();
    }

    /** Prints what is wrong with the arguments: a value and what is expected, or where to read on. */
    static int usage(ParameterException e, PrintWriter err) {
        if (e.getArgSpec() != null && e.getCause() instanceof TypeConversionException fault) {
            String text = FieldNames.of(e.getArgSpec()) + ": " + fault.getMessage();
            err.println("analytics: " + LogText.line(text));
        } else {
            String name = e.getCommandLine().getCommandSpec().qualifiedName();
            err.println("analytics: " + e.getMessage().lines().findFirst().orElse("") + "; try " + name + " --help");
        }
        return CommandLine.ExitCode.USAGE;
    }
}

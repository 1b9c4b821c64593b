package io.inference.analytics.devtools;

import java.util.concurrent.Callable;
import picocli.CommandLine;

/**
 * What the programs behind {@code local-dev} have in common: a wrong command line is two lines on standard error and exit code 2.
 * Their help stands in the scripts, so that it needs no build.
 */
final class DevTool {
    private DevTool() {}

    static CommandLine commandLine(Callable<Integer> program) {
        CommandLine commandLine = new CommandLine(program);
        commandLine.setParameterExceptionHandler((e, args) -> {
            String name = e.getCommandLine().getCommandName();
            e.getCommandLine()
                    .getErr()
                    .println(name + ": " + e.getMessage() + System.lineSeparator() + "Try " + name + " --help.");
            return CommandLine.ExitCode.USAGE;
        });
        return commandLine;
    }

    static int fail(CommandLine commandLine, String message) {
        commandLine.getErr().println(commandLine.getCommandName() + ": " + message);
        return CommandLine.ExitCode.SOFTWARE;
    }
}

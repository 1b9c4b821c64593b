package io.inference.analytics.cli;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import java.lang.reflect.Field;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Prints the fields that rooms name as the options and parameters that callers write. A room's field
 * belongs to the option whose Java field has the same name: {@code expiresAt} is printed as
 * {@code --expires}.
 */
final class FieldNames {

    private FieldNames() {}

    /** The line for standard error; a field that the command does not take keeps its name. */
    static String line(Throwable failure, CommandSpec command) {
        String line = ErrorLine.of(failure);
        if (failure instanceof Failure.Invalid invalid) {
            for (FieldError error : invalid.errors()) {
                line = line.replace(error.message(), named(error.message(), command));
            }
        }
        if (failure instanceof Failure.Conflict && command.findOption("--replace") != null) {
            line += " (expected: --replace to change it)";
        }
        return "analytics: " + named(line, command);
    }

    private static String named(String message, CommandSpec command) {
        for (ArgSpec argument : command.args()) {
            if (argument.userObject() instanceof Field field && message.startsWith(field.getName() + ":")) {
                return of(argument) + message.substring(field.getName().length());
            }
        }
        return message;
    }

    /** What callers write: the name of an option, or the label of a parameter. */
    static String of(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.platform.ErrorLine;
import io.inference.analytics.platform.Failure;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Runs one command in the started service; its object is a bean. */
@Dependent
class CommandRun implements QuarkusApplication {

    private final Instance<ServiceCommand> commands;

    CommandRun(@Any Instance<ServiceCommand> commands) {
        this.commands = commands;
    }

    @Override
    public int run(String... args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        return Invocation.line(beans(), out, err)
                .setParameterExceptionHandler((e, given) -> Invocation.usage(e, err))
                .setExecutionExceptionHandler((e, line, result) -> {
                    err.println(line(e));
                    return e instanceof Failure.Invalid ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
                })
                .setExecutionStrategy(result -> {
                    CommandLine leaf = Invocation.leaf(result);
                    ServiceCommand command = leaf.getCommand();
                    try {
                        return command.run(out);
                    } catch (Exception e) {
                        throw new CommandLine.ExecutionException(leaf, "failed", e);
                    }
                })
                .execute(args);
    }

    private IFactory beans() {
        IFactory plain = CommandLine.defaultFactory();
        return new IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                return ServiceCommand.class.isAssignableFrom(type)
                        ? type.cast(commands.select(type.asSubclass(ServiceCommand.class))
                                .get())
                        : plain.create(type);
            }
        };
    }

    /** The one line for standard error. */
    static String line(Throwable failure) {
        return "analytics: " + ErrorLine.of(failure);
    }
}

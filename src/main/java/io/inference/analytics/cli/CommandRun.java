package io.inference.analytics.cli;

import io.inference.analytics.access.AuditTrail;
import io.inference.analytics.database.Sessions;
import io.inference.analytics.platform.Failure;
import io.quarkus.runtime.QuarkusApplication;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Runs one command in the started service. The command is a bean. */
@Dependent
class CommandRun implements QuarkusApplication {

    /** Longer than the 8 s in which a command gets a connection (see {@link CommandSettings}). */
    private static final Duration AUDIT_PATIENCE = Duration.ofSeconds(10);

    private final Instance<ServiceCommand> commands;
    private final Instance<AuditTrail> audit;
    private final Instance<Sessions> sessions;
    private final Clock clock;

    CommandRun(
            @Any Instance<ServiceCommand> commands,
            Instance<AuditTrail> audit,
            Instance<Sessions> sessions,
            Clock clock) {
        this.commands = commands;
        this.audit = audit;
        this.sessions = sessions;
        this.clock = clock;
    }

    @Override
    public int run(String... args) {
        return run(
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                args);
    }

    int run(PrintWriter out, PrintWriter err, String... args) {
        return Invocation.line(beans(), out, err)
                .setParameterExceptionHandler((e, given) -> Invocation.usage(e, err))
                .setExecutionExceptionHandler((e, leaf, result) -> {
                    err.println(FieldNames.line(e, leaf.getCommandSpec()));
                    return e instanceof Failure.Invalid ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
                })
                .setExecutionStrategy(result -> {
                    CommandLine leaf = Invocation.leaf(result);
                    ServiceCommand command = leaf.getCommand();
                    try {
                        if (command.needs().contains(ServiceCommand.Need.DATABASE)) {
                            sessions.get().require();
                        }
                        if (command.changesSomething()) {
                            record(leaf.getCommandSpec().qualifiedName());
                        }
                        return command.run(out);
                    } catch (Exception e) {
                        throw new CommandLine.ExecutionException(leaf, "failed", e);
                    }
                })
                .execute(args);
    }

    /** The account that runs the command, as far as the machine knows it. */
    static String actor() {
        return "cli:" + System.getProperty("user.name", "unknown");
    }

    /** Every caller of a command has the database's password; the entry names the machine's account. */
    private void record(String command) throws InterruptedException {
        try {
            audit.get()
                    .record(new AuditTrail.Decision(
                            clock.instant(),
                            Optional.of(actor()),
                            command.replace(' ', ':'),
                            Optional.empty(),
                            AuditTrail.Outcome.ALLOWED,
                            true,
                            "CLI",
                            command,
                            "-"))
                    .toCompletableFuture()
                    .get(AUDIT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the audit log cannot be written", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the audit log cannot be written within " + AUDIT_PATIENCE, e);
        }
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
}

package io.inference.analytics.cli;

import io.inference.analytics.cli.ServiceCommand.Need;
import io.inference.analytics.devtools.FakeAnthropic;
import io.inference.analytics.testing.CommandProcess.Result;
import io.inference.analytics.testing.Ports;
import io.quarkus.arc.Arc;
import io.quarkus.arc.InstanceHandle;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Many commands in one application, which has the settings that {@link Main} gives to a command: a process for each would take
 * seconds. A command passes through the same two steps, {@link Invocation#read} and {@link CommandRun}. What only a process shows
 * (the exit code of the jar, its log, its ports) is left to {@code CommandProcess}.
 */
public final class CommandsInProcess implements QuarkusTestProfile {

    /** Where a test may start its {@link FakeAnthropic}. */
    public static final String ANTHROPIC_PORT = "test.anthropic-port";

    private static final int PORT = Ports.free();

    @Override
    public Map<String, String> getConfigOverrides() {
        Map<String, String> settings = new HashMap<>(CommandSettings.of(Set.of(Need.values())));
        settings.put(ANTHROPIC_PORT, Integer.toString(PORT));
        settings.put("analytics.providers.anthropic-url", "http://127.0.0.1:" + PORT);
        settings.put("analytics.providers.anthropic-key", FakeAnthropic.KEY);
        return settings;
    }

    /** The settings of the application, for processes next to it. */
    public static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        for (String name : List.of(
                "DATABASE_URL",
                "STORAGE_FLAVOUR",
                "RABBITMQ_URL",
                "RABBITMQ_STREAM_PORT",
                "REDIS_URL",
                "JWT_ISSUER",
                "JWT_AUDIENCE",
                "JWT_PUBLIC_KEY")) {
            settings.put(name, ConfigProvider.getConfig().getValue(name, String.class));
        }
        return settings;
    }

    /** Runs a command to its end. */
    public static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        return new Result(
                run(new PrintWriter(out, true), new PrintWriter(err, true), arguments), out.toString(), err.toString());
    }

    private static int run(PrintWriter out, PrintWriter err, String... arguments) {
        if (Invocation.read(arguments, out, err) instanceof Invocation.Ended ended) {
            return ended.exitCode();
        }
        try (InstanceHandle<CommandRun> commands = Arc.container().instance(CommandRun.class)) {
            return commands.get().run(out, err, arguments);
        }
    }
}

package io.inference.analytics.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs the scripts of {@code local-dev} on a stack of the tests' own, below {@code target/backends} or where
 * ANALYTICS_TEST_STATE_DIR says. Servers that were not running before are stopped when this JVM ends.
 */
public final class LocalDev {

    private static final Path PROJECT = project();
    private static final Path STATE =
            PROJECT.resolve(System.getenv().getOrDefault("ANALYTICS_TEST_STATE_DIR", "target/backends"));
    private static final long TIMEOUT_SECONDS = 180;
    private static final Set<Backend> STARTED = ConcurrentHashMap.newKeySet();

    private LocalDev() {}

    /** Whether the servers are somebody else's: then nothing is started, and their settings stand in the environment. */
    static boolean external() {
        return "external".equals(System.getenv("ANALYTICS_BACKENDS"));
    }

    /** Starts the server unless it runs; returns when it is ready. */
    public static void start(Backend backend) {
        if (external() || STARTED.contains(backend)) {
            return;
        }
        boolean ranBefore =
                run(List.of("backend", backend.scriptName(), "status")).exitCode() == 0;
        act(backend, "start");
        if (STARTED.add(backend) && !ranBefore) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> act(backend, "stop")));
        }
    }

    /** Does something to the server: stop, kill, pause, resume or start. */
    public static void act(Backend backend, String action) {
        Result result = run(List.of("backend", backend.scriptName(), action));
        if (result.exitCode() != 0) {
            throw new IllegalStateException(
                    "local-dev/backend " + backend.scriptName() + " " + action + ": " + result.output());
        }
    }

    /** The settings with which clients reach the servers. */
    static Map<String, String> settings() {
        if (external()) {
            return new HashMap<>(System.getenv());
        }
        Map<String, String> settings = new HashMap<>();
        for (String line : run(List.of("env")).output().split("\n", -1)) {
            int equals = line.indexOf("='");
            if (equals > 0 && line.endsWith("'")) {
                settings.put(
                        line.substring(0, equals),
                        line.substring(equals + 2, line.length() - 1).replace("'\\''", "'"));
            }
        }
        return settings;
    }

    /** How a program ended and what it printed to standard output. */
    public record Result(int exitCode, String output) {}

    /**
     * Runs commands of a shell in the directory of the project, against the tests' own stack.
     *
     * @param environment is added to the tests' own
     */
    public static Result script(Map<String, String> environment, String commands) {
        return execute(environment, List.of("bash", "-c", commands));
    }

    /** Takes back what a start of the service recorded for its clients. */
    public static void forgetService() {
        try {
            for (String file : List.of("service.settings", "service.http-port", "service.management-port")) {
                Files.deleteIfExists(STATE.resolve("conf").resolve(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Result run(List<String> command) {
        List<String> words = new ArrayList<>(command);
        words.set(0, PROJECT.resolve("local-dev").resolve(command.get(0)).toString());
        return execute(Map.of(), words);
    }

    private static Result execute(Map<String, String> environment, List<String> words) {
        Path log = PROJECT.resolve("target/local-dev.log");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(PROJECT.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("ANALYTICS_STATE_DIR", STATE.toString());
        // The caller's own stack must not leak into the tests' one.
        for (String setting : List.of(
                "DATABASE_URL", "RABBITMQ_URL", "RABBITMQ_STREAM_PORT", "REDIS_URL", "S3_ENDPOINT", "JWT_PUBLIC_KEY")) {
            builder.environment().remove(setting);
        }
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(log.getParent());
            Path output = Files.createTempFile(log.getParent(), "local-dev", ".out");
            // A file and not a pipe: servers inherit it and would keep a pipe open.
            Process process = builder.redirectOutput(output.toFile()).start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(String.join(" ", words) + ": no end within " + TIMEOUT_SECONDS + " s");
            }
            String text = Files.readString(output, StandardCharsets.UTF_8);
            Files.delete(output);
            return new Result(process.exitValue(), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Path project() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isExecutable(directory.resolve("local-dev/backend"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException(
                        "local-dev/backend not found above " + Path.of("").toAbsolutePath());
            }
        }
        return directory;
    }
}

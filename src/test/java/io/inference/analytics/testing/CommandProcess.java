package io.inference.analytics.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One command of the packaged service, as a process of its own, while its ports are taken by somebody else. */
public final class CommandProcess implements AutoCloseable {

    private static final long SECONDS_MAX = 300;

    /** What it said and how it ended. */
    public record Result(int exitCode, String out, String err) {}

    private final Process process;
    private final Path out;
    private final Path err;
    private final List<ServerSocket> taken;

    private CommandProcess(Process process, Path out, Path err, List<ServerSocket> taken) {
        this.process = process;
        this.out = out;
        this.err = err;
        this.taken = taken;
    }

    /** Runs it to its end. The settings are all it has: nothing of this JVM's own environment gets through. */
    public static Result run(Map<String, String> settings, String... arguments) {
        try (CommandProcess command = start(settings, arguments)) {
            return command.await();
        }
    }

    public static CommandProcess start(Map<String, String> settings, String... arguments) {
        return start(ServiceJar.CHEAP_START, settings, arguments);
    }

    /** With options of the JVM. */
    public static CommandProcess start(List<String> jvmOptions, Map<String, String> settings, String... arguments) {
        List<String> words = ServiceJar.command(jvmOptions);
        words.addAll(List.of(arguments));
        try {
            Path directory = Files.createDirectories(Path.of("target/service-logs"));
            Path out = Files.createTempFile(directory, "command", ".out");
            Path err = Files.createTempFile(directory, "command", ".err");
            List<ServerSocket> taken = List.of(new ServerSocket(0), new ServerSocket(0));
            ProcessBuilder builder =
                    new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().retainAll(List.of("PATH", "HOME", "TMPDIR"));
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().put("HTTP_PORT", Integer.toString(taken.get(0).getLocalPort()));
            builder.environment()
                    .put("MANAGEMENT_PORT", Integer.toString(taken.get(1).getLocalPort()));
            builder.environment().putAll(settings);
            return new CommandProcess(builder.start(), out, err, taken);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Process process() {
        return process;
    }

    public Result await() {
        try {
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("no end within " + SECONDS_MAX + " s, see " + out + " and " + err);
            }
            return new Result(process.exitValue(), read(out), read(err));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        for (ServerSocket socket : taken) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}

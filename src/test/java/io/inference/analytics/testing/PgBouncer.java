package io.inference.analytics.testing;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/** PgBouncer in front of the PostgreSQL of a URL, with one database of its own name. */
public final class PgBouncer implements AutoCloseable {

    /** Debian's package installs it where PATH of a user does not look. */
    private static final Path DEBIAN = Path.of("/usr/sbin/pgbouncer");

    private final Process process;
    private final Path log;
    private final int port = Ports.free();
    private final String databaseUrl;

    /**
     * Starts it; returns when it accepts connections.
     *
     * @param settings lines of the section pgbouncer, such as {@code pool_mode = session}
     */
    public PgBouncer(String databaseUrl, String... settings) throws IOException {
        URI server = URI.create(databaseUrl);
        String[] user = server.getUserInfo().split(":", 2);
        this.databaseUrl = databaseUrl.replaceFirst("@[^/]*/", "@127.0.0.1:" + port + "/");
        Path directory = Files.createTempDirectory("pgbouncer");
        // It does not run as root, but reads its file as the user that it becomes.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path configuration = directory.resolve("pgbouncer.ini");
        Files.writeString(
                configuration,
                """
                [databases]
                %s = host=%s port=%d user=%s password=%s
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = any
                ignore_startup_parameters = extra_float_digits
                %s
                """
                        .formatted(
                                server.getPath().substring(1),
                                server.getHost(),
                                server.getPort(),
                                user[0],
                                user[1],
                                port,
                                String.join("\n", settings)));
        log = directory.resolve("pgbouncer.log");
        process = new ProcessBuilder(command(configuration))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Awaitility.await("pgbouncer, see " + log)
                .atMost(Duration.ofSeconds(30))
                .failFast("pgbouncer ended, see " + log, () -> !process.isAlive())
                .until(this::accepts);
    }

    private static List<String> command(Path configuration) {
        List<String> words = new ArrayList<>();
        words.add(Files.isExecutable(DEBIAN) ? DEBIAN.toString() : "pgbouncer");
        if (System.getProperty("user.name").equals("root")) {
            words.addAll(List.of("-u", "nobody"));
        }
        words.add(configuration.toString());
        return words;
    }

    private boolean accepts() {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** The same database, through it. */
    public String databaseUrl() {
        return databaseUrl;
    }

    @Override
    public void close() {
        process.destroy();
    }
}

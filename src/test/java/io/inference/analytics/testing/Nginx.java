package io.inference.analytics.testing;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** nginx as a reverse proxy. */
public final class Nginx implements AutoCloseable {

    /** Debian's package installs it where PATH of a user does not look. */
    private static final Path DEBIAN = Path.of("/usr/sbin/nginx");

    private static final String PREFIX = "/usage";

    private final Process process;
    private final int port;

    /**
     * Starts it; returns when it accepts connections at the port.
     *
     * @param servers the blocks of its configuration, one per server
     */
    public Nginx(Path directory, int port, String servers) throws IOException {
        this.port = port;
        Path configuration = directory.resolve("nginx.conf");
        Files.writeString(
                configuration,
                """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr;
                events {}
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxied;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    %s
                }
                """
                        .formatted(servers));
        Path log = directory.resolve("nginx.log");
        process = new ProcessBuilder(
                        Files.isExecutable(DEBIAN) ? DEBIAN.toString() : "nginx",
                        "-p",
                        directory.toString(),
                        "-c",
                        configuration.toString(),
                        "-e",
                        "stderr")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Awaitility.await("nginx, see " + log)
                .atMost(Duration.ofSeconds(30))
                .failFast("nginx ended, see " + log, () -> !process.isAlive())
                .until(this::accepts);
    }

    /** Publishes the API of a port of this machine over TLS under {@code /usage/}, as docs/proxies.md configures it. */
    public static Nginx overTls(Path directory, PrivateAuthority authority, int target) throws IOException {
        int port = Ports.free();
        return new Nginx(
                directory,
                port,
                """
                server {
                    listen 127.0.0.1:%d ssl;
                    ssl_certificate %s;
                    ssl_certificate_key %s;
                    location %s/ {
                        proxy_pass http://127.0.0.1:%d/;
                        proxy_set_header Host $host;
                        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                        proxy_set_header X-Forwarded-Proto $scheme;
                    }
                }
                """
                        .formatted(port, authority.serverCertificate(), authority.serverKey(), PREFIX, target));
    }

    private boolean accepts() {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** The address of the API as its callers see it. */
    public String url() {
        return "https://localhost:" + port + PREFIX;
    }

    @Override
    public void close() {
        process.destroy();
    }
}

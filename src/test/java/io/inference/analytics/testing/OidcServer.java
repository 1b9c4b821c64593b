package io.inference.analytics.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * An OpenID Connect provider as a process of its own, with a page where whoever signs in writes a name and the claims of the
 * token. As at many providers, tokens and the end of a session are at another origin than its pages; nginx gives it both. Its
 * libraries are not those of the service, so local-dev/oidc resolves them. A new start forgets all sessions and keys.
 */
public final class OidcServer implements AutoCloseable {

    private static final String CONFIG = "{\"interactiveLogin\": true, \"httpServer\": \"NettyWrapper\","
            + " \"loginPagePath\": \"src/test/resources/oidc/login.html\"}";

    private final int port = Ports.free();
    private final int pages = Ports.free();
    private final int endpoints = Ports.free();
    private final Nginx origins;
    private final String classPath;
    private Process process;

    private OidcServer(String classPath) {
        this.classPath = classPath;
        Path directory = Path.of("target", "oidc-" + port).toAbsolutePath();
        try {
            this.origins = new Nginx(Files.createDirectories(directory), endpoints, server(pages) + server(endpoints));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** It makes its issuer from the name by which it is asked. */
    private String server(int listening) {
        return """
                server {
                    listen 127.0.0.1:%1$d;
                    listen [::1]:%1$d;
                    location / {
                        proxy_pass http://127.0.0.1:%2$d;
                        proxy_set_header Host localhost:%3$d;
                        proxy_set_header Accept-Encoding "";
                        sub_filter_types application/json;
                        sub_filter_once off;
                        sub_filter "%4$s/token" "%5$s/token";
                        sub_filter "%4$s/endsession" "%5$s/endsession";
                    }
                }
                """
                .formatted(listening, port, pages, issuer(), "http://localhost:" + endpoints + "/analytics");
    }

    /** Starts it; returns when it answers. */
    public static OidcServer started() {
        LocalDev.Result resolved = LocalDev.script(
                Map.of(),
                "set -euo pipefail; . local-dev/lib/common.sh; . local-dev/lib/backend.sh;"
                        + " program_classpath oidc mock-oauth2-server");
        if (resolved.exitCode() != 0) {
            throw new IllegalStateException("local-dev/oidc could not be resolved: " + resolved.output());
        }
        OidcServer server = new OidcServer(resolved.output().strip());
        server.start();
        return server;
    }

    private void start() {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx96m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "no.nav.security.mock.oauth2.StandaloneMockOAuth2ServerKt"));
        builder.environment().putAll(Map.of("SERVER_PORT", Integer.toString(port), "JSON_CONFIG", CONFIG));
        try {
            Files.createDirectories(Path.of("target/service-logs"));
            process = builder.redirectErrorStream(true)
                    .redirectOutput(
                            Path.of("target/service-logs/oidc-" + port + ".log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await("the provider at " + issuer())
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .until(this::answers);
    }

    private boolean answers() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(issuer() + "/.well-known/openid-configuration"))
                .timeout(Duration.ofSeconds(5))
                .build();
        return HttpClient.newHttpClient()
                        .send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    /** Its name, under which its pages and its discovery document are. */
    public String issuer() {
        return "http://localhost:" + pages + "/analytics";
    }

    /** An endpoint of its other origin. */
    public String endpoint(String name) {
        return "http://localhost:" + endpoints + "/analytics/" + name;
    }

    /** Ends every session. */
    public void restart() {
        stop();
        start();
    }

    @Override
    public void close() {
        stop();
        origins.close();
    }

    private void stop() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

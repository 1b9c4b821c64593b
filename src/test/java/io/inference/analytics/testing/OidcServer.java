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
 * token. Its libraries are not those of the service, so local-dev/oidc resolves them. A new start forgets all sessions and keys.
 */
public final class OidcServer implements AutoCloseable {

    private static final String CONFIG = "{\"interactiveLogin\": true, \"httpServer\": \"NettyWrapper\","
            + " \"loginPagePath\": \"src/test/resources/oidc/login.html\"}";

    private final int port = Ports.free();
    private final String classPath;
    private Process process;

    private OidcServer(String classPath) {
        this.classPath = classPath;
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

    /** Its name, under which it also answers. */
    public String issuer() {
        return "http://localhost:" + port + "/analytics";
    }

    /** Ends every session. */
    public void restart() {
        close();
        start();
    }

    @Override
    public void close() {
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

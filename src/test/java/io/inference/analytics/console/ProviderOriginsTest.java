package io.inference.analytics.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.inference.analytics.console.ProviderOrigins.Origins;
import io.inference.analytics.testing.MovedClock;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProviderOriginsTest {

    private final Vertx vertx = Vertx.vertx();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-01T00:00:00Z"));
    /** What the provider answers; nothing while it is down. */
    private final AtomicReference<String> document = new AtomicReference<>("");

    private HttpServer server;
    private ProviderOrigins origins;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/idp/.well-known/openid-configuration", exchange -> {
            byte[] body = document.get().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(body.length == 0 ? 503 : 200, body.length == 0 ? -1 : body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
        SignInProvider provider = new SignInProvider(issuer(), "console", "openid", Optional.empty());
        origins = new ProviderOrigins(new ConsoleFiles(Optional.of(provider)), vertx, new MovedClock(now::get));
    }

    @AfterEach
    void end() {
        server.stop(0);
        vertx.close();
    }

    private String host() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private String issuer() {
        return host() + "/idp";
    }

    private String naming(String issuer) {
        return "{\"issuer\": \"%s\", \"token_endpoint\": \"https://tokens.example.net/token\"}".formatted(issuer);
    }

    private Origins found() throws Exception {
        return origins.find().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private void later(Duration time) {
        now.updateAndGet(before -> before.plus(time));
    }

    @Test
    void aProviderThatIsDownIsAskedAgainAndThenRemembered() throws Exception {
        Origins own = new Origins(Set.of(host()), Set.of(host()));
        assertThat(found()).isEqualTo(own);
        document.set(naming(issuer()));
        assertThat(found()).as("asked just now").isEqualTo(own);
        later(Duration.ofSeconds(10));
        Origins both = new Origins(Set.of(host(), "https://tokens.example.net"), Set.of(host()));
        assertThat(found()).isEqualTo(both);
        document.set("");
        later(Duration.ofHours(2));
        assertThat(found()).isEqualTo(both);
        assertThat(found()).isEqualTo(both);
    }

    @Test
    void aDocumentOfAnotherIssuerAddsNothing() throws Exception {
        for (String answer : new String[] {naming(issuer() + "/"), naming("https://other.example.com"), "[]", "{"}) {
            document.set(answer);
            assertThat(found()).as(answer).isEqualTo(new Origins(Set.of(host()), Set.of(host())));
            later(Duration.ofMinutes(1));
        }
    }
}

package io.inference.analytics.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookClientTest {

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_700_000_000), ZoneOffset.UTC);
    private static final Duration SHORT = Duration.ofMillis(700);
    private static final Duration PATIENCE = Duration.ofSeconds(6);
    private static final byte[] BODY = "{\"id\":\"x\"}".getBytes(StandardCharsets.UTF_8);

    private final WebhookAddresses addresses = new WebhookAddresses(List.of("localhost"), InetAddress::getAllByName);
    private final WebhookClient client = new WebhookClient(addresses, CLOCK, SHORT);
    private final AtomicReference<String> asked = new AtomicReference<>();
    private final AtomicReference<String> signature = new AtomicReference<>();
    private HttpServer receiver;

    @BeforeEach
    void listen() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getByName("localhost"), 0), 0);
        receiver.createContext("/", exchange -> {
            asked.set(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            signature.set(exchange.getRequestHeaders().getFirst("X-Analytics-Signature"));
            String status = exchange.getRequestURI().getPath().substring(1);
            exchange.getResponseHeaders().add("Location", "/200");
            exchange.sendResponseHeaders(status.isEmpty() ? 200 : Integer.parseInt(status), -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void close() {
        receiver.stop(0);
        client.close();
        addresses.close();
    }

    private String url(String path) {
        return "http://localhost:" + receiver.getAddress().getPort() + path;
    }

    @Test
    void messageArrivesWithItsSignature() {
        assertThat(client.post(url("/?a=%20b"), "whsec_test", BODY)).isEmpty();
        assertThat(asked.get()).isEqualTo("POST /?a=%20b {\"id\":\"x\"}");
        // printf '1700000000.{"id":"x"}' | openssl dgst -sha256 -hmac whsec_test
        assertThat(signature.get())
                .isEqualTo("t=1700000000,v1=80e8d098018f757aa814ab1abb924f35d304affa1d93d29611a54696207eb7c3");
    }

    @ParameterizedTest
    @CsvSource({"/204,", "/301,status 301", "/307,status 307", "/404,status 404", "/500,status 500"})
    void onlyASuccessCountsAndRedirectsAreNotFollowed(String path, String problem) {
        assertThat(client.post(url(path), "s", BODY)).isEqualTo(Optional.ofNullable(problem));
        assertThat(asked.get()).contains(path);
    }

    /** A receiver that says nothing, one that says something every now and then, and one that says too much. */
    @ParameterizedTest
    @ValueSource(strings = {"", "H", "HTTP/1.1 100 Continue\r\nx: ", "garbage\n"})
    void receiverThatDoesNotAnswerIsLeft(String answer) throws Exception {
        try (ServerSocket hanging = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            Thread slow = new Thread(() -> dribble(hanging, answer));
            slow.setDaemon(true);
            slow.start();
            Instant before = Instant.now();
            assertThat(client.post("http://localhost:" + hanging.getLocalPort() + "/", "s", BODY))
                    .hasValueSatisfying(problem -> assertThat(problem).startsWith("the connection failed"));
            assertThat(Duration.between(before, Instant.now())).isLessThan(PATIENCE);
        }
    }

    private static void dribble(ServerSocket hanging, String answer) {
        try (Socket socket = hanging.accept()) {
            OutputStream out = socket.getOutputStream();
            out.write(answer.getBytes(StandardCharsets.US_ASCII));
            while (!answer.isEmpty()) {
                out.write('.');
                out.flush();
                Thread.onSpinWait();
            }
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // The client has left.
            return;
        }
    }

    @Test
    void portWithoutAReceiverIsAProblem() throws Exception {
        int free;
        try (ServerSocket closed = new ServerSocket(0)) {
            free = closed.getLocalPort();
        }
        assertThat(client.post("http://localhost:" + free + "/", "s", BODY))
                .hasValue("the connection failed: ConnectException");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1/",
                "https://2130706433/",
                "https://[::1]/",
                "https://[::ffff:127.0.0.1]/",
                "https://169.254.169.254/latest/meta-data",
                "https://10.1.2.3/"
            })
    void privateAddressesAreRefused(String url) {
        assertThatThrownBy(() -> addresses.check(url))
                .isInstanceOf(WebhookAddresses.Refused.class)
                .hasMessageContaining("private address");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "//host/",
                "ftp://example.com/",
                "http://1.1.1.1/",
                "https://user:password@1.1.1.1/",
                "https://1.1.1.1/#a",
                "https://1.1.1.1:0/",
                "https://1.1.1.1:65536/",
                "https://1.1.1.1/\r\nX: y",
                "https://a b/",
                "https:///path",
                "https://127.1/"
            })
    void malformedAddressesAreRefused(String url) {
        assertThatThrownBy(() -> addresses.check(url)).isInstanceOf(WebhookAddresses.Refused.class);
    }

    @Test
    void nameThatDoesNotResolveIsRefused() {
        assertThatThrownBy(() -> addresses.check("https://no-such-host.invalid/"))
                .isInstanceOf(WebhookAddresses.Refused.class)
                .hasMessageContaining("no-such-host.invalid");
    }

    /** DNS rebinding: public when the budget is stored, private when the message is sent. */
    @Test
    void nameThatBecomesPrivateIsNotConnectedTo() throws Exception {
        AtomicReference<String> answer = new AtomicReference<>("1.1.1.1");
        WebhookAddresses moving = new WebhookAddresses(List.of(), host -> addressesOf(answer.get()));
        String url = "https://moving.example.com:" + receiver.getAddress().getPort() + "/";
        moving.check(url);
        answer.set("127.0.0.1");
        assertThat(new WebhookClient(moving, CLOCK, SHORT).post(url, "s", BODY))
                .hasValueSatisfying(problem -> assertThat(problem).contains("private address"));
        assertThat(asked.get()).isNull();
    }

    @Test
    void oneOfSeveralAddressesThatIsPrivateIsEnough() {
        WebhookAddresses mixed = new WebhookAddresses(
                List.of(), host -> new InetAddress[] {addressesOf("1.1.1.1")[0], addressesOf("10.0.0.1")[0]});
        assertThatThrownBy(() -> mixed.check("https://mixed.example.com/"))
                .isInstanceOf(WebhookAddresses.Refused.class)
                .hasMessageContaining("private address");
    }

    private static InetAddress[] addressesOf(String literal) throws UnknownHostException {
        return InetAddress.getAllByName(literal);
    }
}

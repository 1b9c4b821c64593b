package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutboundProxyTest {

    private static final String DIRECT =
            "corp.example, .lan,*.svc.cluster.local,10.0.0.0/8,fd00::/8,192.0.2.7,store.example:9000";

    @ParameterizedTest
    @CsvSource({
        "https://api.anthropic.com/v1, true",
        "https://corp.example.org/, true",
        "https://notcorp.example/, true",
        "https://11.0.0.1/, true",
        "https://192.0.2.70/, true",
        "https://[fe80::1]/, true",
        "https://corp.example/, false",
        "https://IDP.Corp.Example:8443/jwks, false",
        "https://minio.lan, false",
        "https://redis.svc.cluster.local, false",
        "https://10.255.0.1/, false",
        "https://192.0.2.7/, false",
        "https://[fd12::1]:9000/, false",
        "https://store.example/, false",
        "https://localhost:1/, false",
        "https://127.0.0.3:1/, false",
        "https://[::1]:1/, false",
        "http://api.anthropic.com/, false",
        "socket://db.example:5432, false"
    })
    void onlyHttpsElsewhereGoesThroughTheProxy(URI uri, boolean proxied) {
        OutboundProxy proxy = OutboundProxy.of("http://proxy.example:3128/", DIRECT);
        assertThat(proxy.select(uri)).singleElement().satisfies(one -> assertThat(one.type() == Proxy.Type.HTTP)
                .isEqualTo(proxied));
        assertThat(OutboundProxy.of("http://proxy.example:3128", "*").select(uri))
                .containsExactly(Proxy.NO_PROXY);
    }

    @Test
    void theJvmsClientAsksTheProxyForATunnel() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            HttpClient client = HttpClient.newBuilder()
                    .proxy(OutboundProxy.of("http://127.0.0.1:" + listener.getLocalPort(), ""))
                    .build();
            CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(
                    HttpRequest.newBuilder(URI.create("https://idp.example/jwks"))
                            .build(),
                    HttpResponse.BodyHandlers.discarding());
            String wanted = "CONNECT idp.example:443";
            listener.setSoTimeout(10_000);
            try (Socket socket = listener.accept()) {
                assertThat(new String(socket.getInputStream().readNBytes(wanted.length()), StandardCharsets.US_ASCII))
                        .isEqualTo(wanted);
            }
            answer.cancel(true);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy:3128", "https://proxy:3128", "http://u:S3cr3t@proxy:3128", "http://"})
    void whatIsNoProxyIsRefused(String value) {
        assertThatThrownBy(() -> OutboundProxy.of(value, ""))
                .isInstanceOf(ServerAddress.Malformed.class)
                .message()
                .doesNotContain("S3cr3t");
    }
}

package io.inference.analytics.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthTest {

    @ParameterizedTest
    @CsvSource({"200, true", "503, false", "404, false"})
    void onlyAReadyServiceIsHealthy(int status, boolean healthy) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        server.createContext("/analytics/v1/status/readyz", exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        try {
            assertThat(Health.isReady(Integer.toString(server.getAddress().getPort())))
                    .isEqualTo(healthy);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void whereNothingListensNothingIsHealthy() {
        assertThat(Health.isReady("1")).isFalse();
        assertThat(Health.isReady("no port")).isFalse();
    }
}

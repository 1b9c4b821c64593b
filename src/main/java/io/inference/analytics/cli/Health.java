package io.inference.analytics.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;

/**
 * The health command of the image: exit code 0 if the service in the same container is ready, 1 if not. It needs nothing
 * but the JDK, so that it costs a container one short JVM per check. There is neither a shell nor curl in the image.
 */
public final class Health {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private Health() {}

    public static void main(String[] args) {
        String given = System.getenv("HTTP_PORT");
        System.exit(isReady(given == null || given.isBlank() ? "8084" : given.strip()) ? 0 : 1);
    }

    static boolean isReady(String port) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/analytics/v1/status/readyz")
                            .toURL()
                            .openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(Math.toIntExact(PATIENCE.toMillis()));
            connection.setReadTimeout(Math.toIntExact(PATIENCE.toMillis()));
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }
}

package io.inference.analytics.mainjob;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.Ports;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TcpProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One process of the service, with connections and a clock of its own. */
final class Replica implements AutoCloseable {

    private static final List<String> JVM = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final Path LIBRARIES = Path.of("/usr/lib");

    private final Map<String, String> settings;
    private final TcpProxy database;
    private final TcpProxy broker;
    private final TcpProxy stream;
    private final Path clock;
    private ServiceProcess process;

    Replica(Map<String, String> common) throws IOException {
        database = proxy(common.get("DATABASE_URL"));
        broker = proxy(common.get("RABBITMQ_URL"));
        stream = new TcpProxy(Ports.free(), "127.0.0.1", Integer.parseInt(common.get("RABBITMQ_STREAM_PORT")));
        clock = Files.createTempFile("clock", ".txt");
        settings = new HashMap<>(common);
        // The driver's own bound is 90 s, for statements that take long.
        settings.put("DATABASE_URL", through(database, common.get("DATABASE_URL")) + "?socketTimeout=15");
        settings.put("RABBITMQ_URL", through(broker, common.get("RABBITMQ_URL")));
        settings.put("RABBITMQ_STREAM_PORT", Integer.toString(stream.port()));
        settings.put("LD_PRELOAD", fakeTime().toString());
        settings.put("FAKETIME_TIMESTAMP_FILE", clock.toString());
        settings.put("FAKETIME_CACHE_DURATION", "1");
        settings.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        // Without these two, waits of the JVM end early, and all processes share one lock.
        settings.put("FAKETIME_FORCE_MONOTONIC_FIX", "0");
        settings.put("FAKETIME_DISABLE_SHM", "1");
        settings.put("DONT_FAKE_MONOTONIC", "1");
        settings.put("NO_FAKE_STAT", "1");
        stepClock(Duration.ZERO);
    }

    private static TcpProxy proxy(String url) {
        URI server = URI.create(url);
        return new TcpProxy(Ports.free(), server.getHost(), server.getPort());
    }

    private static String through(TcpProxy proxy, String url) {
        URI server = URI.create(url);
        return "%s://%s@127.0.0.1:%d%s"
                .formatted(server.getScheme(), server.getRawUserInfo(), proxy.port(), server.getRawPath());
    }

    private static Path fakeTime() throws IOException {
        try (Stream<Path> found =
                Files.find(LIBRARIES, 3, (path, attributes) -> path.endsWith("faketime/libfaketimeMT.so.1"))) {
            return found.findFirst().orElseThrow(() -> new IllegalStateException("no package faketime"));
        }
    }

    void start() {
        process = ServiceProcess.start(JVM, settings);
    }

    void awaitReady() {
        process.awaitReady();
    }

    void kill() {
        process.kill();
    }

    void stop() {
        process.stop();
    }

    /** Whether it reads from the broker; another replica may do so instead. */
    boolean reads() {
        return readiness().contains("\"reads\":true");
    }

    boolean isReady() {
        return readiness().contains("\"reads\":");
    }

    private String readiness() {
        try {
            HttpResponse<String> answer = process.get("/analytics/v1/status/readyz", "");
            return answer.statusCode() == 200 ? answer.body().replace(" ", "") : "";
        } catch (UncheckedIOException e) {
            return "";
        }
    }

    boolean hasLogged(String text) {
        return process.log().contains(text);
    }

    HttpResponse<String> post(String path, String json, String token) {
        return process.post(path, json, token);
    }

    HttpResponse<String> get(String path, String token) {
        return process.get(path, token);
    }

    TcpProxy database() {
        return database;
    }

    List<TcpProxy> toBroker() {
        return List.of(broker, stream);
    }

    List<TcpProxy> connections() {
        return List.of(database, broker, stream);
    }

    /** Its clock shows another time from now on; the measuring of durations goes on as it was. */
    void stepClock(Duration ahead) throws IOException {
        Path next = Files.writeString(Path.of(clock + ".next"), "%+ds".formatted(ahead.toSeconds()));
        Files.move(next, clock, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        connections().forEach(TcpProxy::resume);
        if (process != null) {
            process.close();
        }
        connections().forEach(TcpProxy::close);
        assertThat(clock.toFile().delete()).isTrue();
    }
}

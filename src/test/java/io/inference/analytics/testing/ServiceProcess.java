package io.inference.analytics.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** The packaged service as a process of its own, so that it can be killed. */
public final class ServiceProcess implements AutoCloseable {

    private static final Duration START_PATIENCE = Duration.ofSeconds(180);
    private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(30);
    /** As callers and Prometheus speak; over HTTP/2 the management port may end a connection (GOAWAY) below a request. */
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    private static final HttpClient HTTP_2 = HttpClient.newHttpClient();

    private final Process process;
    private final int httpPort;
    private final int managementPort;
    private final Path log;

    private ServiceProcess(Process process, int httpPort, int managementPort, Path log) {
        this.process = process;
        this.httpPort = httpPort;
        this.managementPort = managementPort;
        this.log = log;
    }

    /** Starts it and returns at once; the settings are environment variables. */
    public static ServiceProcess start(Map<String, String> settings, String... arguments) {
        return start(ServiceJar.CHEAP_START, settings, arguments);
    }

    /** The same with options for the JVM. */
    public static ServiceProcess start(List<String> jvmOptions, Map<String, String> settings, String... arguments) {
        List<String> command = ServiceJar.command(jvmOptions);
        command.addAll(List.of(arguments));
        return run(command, settings);
    }

    /** Another version, from its {@code target/quarkus-app}. */
    public static ServiceProcess startOf(Path directory, Map<String, String> settings) {
        return run(ServiceJar.command(directory, ServiceJar.CHEAP_START), settings);
    }

    private static ServiceProcess run(List<String> command, Map<String, String> settings) {
        int httpPort = Ports.free();
        int managementPort = Ports.free();
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("INGESTION_") || name.startsWith("QUARKUS_"));
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("HTTP_PORT", Integer.toString(httpPort));
        environment.put("MANAGEMENT_PORT", Integer.toString(managementPort));
        // No load balancer has to notice.
        environment.putIfAbsent("SHUTDOWN_DELAY", "100ms");
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(Path.of("target/service-logs"));
            Path log = Files.createTempFile(Path.of("target/service-logs"), "service", ".log");
            Process process = builder.redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new ServiceProcess(process, httpPort, managementPort, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when it says that it is ready. */
    public ServiceProcess awaitReady() {
        Awaitility.await("readiness, see " + log)
                .atMost(START_PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .failFast("the process ended, see " + log, () -> !process.isAlive())
                .until(() -> status("/analytics/v1/status/readyz") == 200);
        return this;
    }

    /** The port of the API. */
    public int httpPort() {
        return httpPort;
    }

    public long pid() {
        return process.pid();
    }

    /** kill -9; returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** A polite stop; returns when it is gone. */
    public void stop() {
        process.destroy();
        awaitEnd();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            stop();
        }
    }

    /** Waits for the end and returns the exit code. */
    public int awaitEnd() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("the service did not end within 60 s, see " + log);
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Its whole lines: a process that runs may be in the middle of the last one. */
    public String log() {
        boolean ended = !process.isAlive();
        try {
            String text = Files.readString(log);
            return ended ? text : text.substring(0, text.lastIndexOf('\n') + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How long the log is by now. */
    public long logBytes() {
        try {
            return Files.size(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String metrics() {
        return management("/metrics").body();
    }

    /** GET from the management port. */
    public HttpResponse<String> management(String path) {
        return send(URI.create("http://localhost:" + managementPort + path), "");
    }

    /** GET of the metrics as a scraper does that sends this header {@code Accept}. */
    public HttpResponse<String> metrics(String accept) {
        return exchange(HttpRequest.newBuilder(URI.create("http://localhost:" + managementPort + "/metrics"))
                .timeout(ANSWER_PATIENCE)
                .header("Accept", accept)
                .build());
    }

    /** GET from the management port as a client does that asks for HTTP/2. */
    public HttpResponse<String> managementOverHttp2(String path) {
        return exchange(
                HTTP_2,
                HttpRequest.newBuilder(URI.create("http://localhost:" + managementPort + path))
                        .timeout(ANSWER_PATIENCE)
                        .build());
    }

    /** GET with a token; an empty one sends none. */
    public HttpResponse<String> get(String pathAndQuery, String token) {
        return send(URI.create("http://localhost:" + httpPort + pathAndQuery), token);
    }

    /** GET of CSV with a token. */
    public HttpResponse<String> getCsv(String pathAndQuery, String token) {
        return exchange(HttpRequest.newBuilder(URI.create("http://localhost:" + httpPort + pathAndQuery))
                .timeout(Duration.ofSeconds(10))
                .header("Authorization", "Bearer " + token)
                .header("Accept", "text/csv")
                .build());
    }

    /** GET with a token whose answer may be of any size; counts its lines and keeps nothing. */
    public long download(String pathAndQuery, String token) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + httpPort + pathAndQuery))
                .header("Authorization", "Bearer " + token)
                .build();
        try (InputStream body =
                HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
            long lines = 0;
            byte[] part = new byte[1 << 16];
            for (int read = body.read(part); read >= 0; read = body.read(part)) {
                for (int i = 0; i < read; i++) {
                    if (part[i] == '\n') {
                        lines++;
                    }
                }
            }
            return lines;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A plain connection to the port of the API, for what no HTTP client would send. */
    public Socket connect() throws IOException {
        return new Socket("localhost", httpPort);
    }

    /** The same to the port of metrics and health. */
    public Socket connectToManagement() throws IOException {
        return new Socket("localhost", managementPort);
    }

    /** POST of JSON with a token. */
    public HttpResponse<String> post(String path, String json, String token) {
        return sendJson("POST", path, json, token);
    }

    /** PUT of JSON with a token. */
    public HttpResponse<String> put(String path, String json, String token) {
        return sendJson("PUT", path, json, token);
    }

    private HttpResponse<String> sendJson(String method, String path, String json, String token) {
        return exchange(HttpRequest.newBuilder(URI.create("http://localhost:" + httpPort + path))
                .timeout(ANSWER_PATIENCE)
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    /** Sends a signal by its name, such as STOP or CONT. */
    public void signal(String name) {
        try {
            int code = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("kill -" + name + ": exit code " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private int status(String path) {
        try {
            return get(path, "").statusCode();
        } catch (UncheckedIOException e) {
            return 0;
        }
    }

    private static HttpResponse<String> send(URI uri, String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(ANSWER_PATIENCE);
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return exchange(request.build());
    }

    private static HttpResponse<String> exchange(HttpRequest request) {
        return exchange(HTTP, request);
    }

    private static HttpResponse<String> exchange(HttpClient client, HttpRequest request) {
        try {
            return once(client, request);
        } catch (ConnectException e) {
            // The JDK's client now and then reports one of its own closed channels so. A port that is closed stays
            // closed.
            return retried(client, request);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HttpResponse<String> retried(HttpClient client, HttpRequest request) {
        try {
            return once(client, request);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HttpResponse<String> once(HttpClient client, HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}

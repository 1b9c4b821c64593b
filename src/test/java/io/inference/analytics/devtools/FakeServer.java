package io.inference.analytics.devtools;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/** The HTTP server of a fake API: notes the requests, and fails where it is told to. */
public abstract class FakeServer implements AutoCloseable {

    static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** An answer that is an error. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "fake-provider");
        thread.setDaemon(true);
        return thread;
    });
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Faults faults = new Faults();
    private volatile CountDownLatch gate = new CountDownLatch(0);
    private volatile String retryAfter = "1";

    /** @param port of the machine's loopback; 0 for a free one */
    FakeServer(int port) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.setExecutor(threads);
    }

    /** More than the 8 MiB that an answer may have. */
    private static final int HUGE_BYTES = 9 * 1024 * 1024;

    final void start() {
        server.start();
    }

    /** @return the answer to a request that no fault ends */
    abstract ObjectNode answer(HttpExchange request, byte[] body) throws Refused;

    /** The body of an error, as this API writes it. */
    abstract ObjectNode error(int status, String message);

    /** The key that errors give away. */
    abstract String key();

    public final String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Method, path and query of every request so far. */
    public final List<String> requests() {
        return requests;
    }

    /** The requests whose path or query has the text. */
    public final List<String> requests(String part) {
        return requests.stream().filter(request -> request.contains(part)).toList();
    }

    /** The next requests to paths that end so fail, one after the other. */
    public final void fail(String path, Fault... next) {
        faults.add(path, List.of(next));
    }

    /** Requests to paths that end so and whose query names the day fail as often as faults are given. */
    public final void failDate(String path, LocalDate day, Fault... next) {
        faults.add(path, day, List.of(next));
    }

    /** What {@link Fault#RATE_LIMITED_WITH_RETRY_AFTER} asks for; one second otherwise. */
    public final void retryAfter(String header) {
        retryAfter = header;
    }

    /** Holds all answers until the latch is down. */
    public final void holdUntil(CountDownLatch latch) {
        gate = latch;
    }

    @Override
    public final void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    static List<ObjectNode> objects(JsonNode array) {
        List<ObjectNode> objects = new ArrayList<>();
        array.forEach(item -> objects.add(((ObjectNode) item).deepCopy()));
        return objects;
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query =
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
        requests.add(exchange.getRequestMethod() + " " + path + "?" + query);
        byte[] body = exchange.getRequestBody().readAllBytes();
        try (exchange) {
            if (!gate.await(30, TimeUnit.SECONDS)) {
                return;
            }
            respond(exchange, query, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** An error is sent in here, where the exchange is still open. */
    private void respond(HttpExchange exchange, String query, byte[] body) throws IOException, InterruptedException {
        try {
            Optional<Fault> fault = faults.take(exchange.getRequestURI().getPath(), query);
            if (fault.isEmpty() || !broken(exchange, fault.get())) {
                ObjectNode answer = answer(exchange, body);
                fault.ifPresent(kind -> spoil(kind, answer, query));
                send(exchange, 200, answer.toString());
            }
        } catch (Refused e) {
            refuse(exchange, e.status, e.getMessage());
        }
    }

    /** @return whether there is no other answer */
    private boolean broken(HttpExchange exchange, Fault fault) throws IOException, InterruptedException {
        switch (fault) {
            case RATE_LIMITED -> refuse(exchange, 429, "Too many requests");
            case RATE_LIMITED_WITH_RETRY_AFTER -> {
                exchange.getResponseHeaders().set("retry-after", retryAfter);
                refuse(exchange, 429, "Too many requests");
            }
            case SERVER_ERROR -> refuse(exchange, 500, "Internal error with " + key());
            case OVERLOADED -> refuse(exchange, 529, "Overloaded");
            case FORBIDDEN -> refuse(exchange, 403, "Not for " + key());
            case NO_ANSWER -> {
                boolean ended = closed.await(60, TimeUnit.SECONDS);
                requests.add("no answer given, closed=" + ended);
            }
            case BROKEN_JSON -> send(exchange, 200, "{\"data\": [");
            case CUT -> {
                exchange.sendResponseHeaders(200, 1_000_000);
                exchange.getResponseBody().write("{\"data\": [".getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
            case HTML -> send(exchange, 200, "<html><body>Please sign in.</body></html>");
            case GZIP -> {
                ByteArrayOutputStream packed = new ByteArrayOutputStream();
                try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
                    gzip.write(new byte[HUGE_BYTES]);
                }
                exchange.getResponseHeaders().set("Content-Encoding", "gzip");
                exchange.sendResponseHeaders(200, packed.size());
                exchange.getResponseBody().write(packed.toByteArray());
            }
            case HUGE -> send(exchange, 200, " ".repeat(HUGE_BYTES));
            case DOUBLED_FIELD -> send(exchange, 200, "{\"data\": [], \"has_more\": false, \"data\": []}");
            case REDIRECT -> {
                exchange.getResponseHeaders().set("Location", url().replace("127.0.0.1", "localhost") + "/elsewhere");
                send(exchange, 302, "{}");
            }
            case LOST_PAGE, SAME_PAGE -> {
                return false;
            }
        }
        return true;
    }

    private static void spoil(Fault fault, ObjectNode answer, String query) {
        if (fault == Fault.LOST_PAGE) {
            answer.put("has_more", true).putNull("next_page");
        } else if (fault == Fault.SAME_PAGE) {
            FakeQuery asked = FakeQuery.of(query);
            answer.put("has_more", true).put("next_page", asked.one("page").orElseGet(() -> asked.token(0)));
        }
    }

    private void refuse(HttpExchange exchange, int status, String message) throws IOException {
        send(exchange, status, error(status, message).toString());
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}

package io.inference.analytics.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/** A collector for traces: OTLP over HTTP as the protocol's own classes decode it, kept in memory. */
public final class OtlpReceiver implements AutoCloseable {

    /** A span that was received; ids in hexadecimal digits. */
    public record Received(
            String service,
            String name,
            Span.SpanKind kind,
            String traceId,
            String spanId,
            Optional<String> parentSpanId,
            List<Link> links,
            Map<String, String> attributes) {}

    /** What a span links to. */
    public record Link(String traceId, String spanId) {}

    private final HttpServer server;
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final List<Received> spans = new CopyOnWriteArrayList<>();

    private OtlpReceiver(HttpServer server) {
        this.server = server;
    }

    /** Listens on a free port. */
    public static OtlpReceiver start() {
        try {
            OtlpReceiver receiver =
                    new OtlpReceiver(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            receiver.server.createContext("/v1/traces", receiver::receive);
            receiver.server.setExecutor(receiver.executor);
            receiver.server.start();
            return receiver;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The endpoint for OTEL_EXPORTER_OTLP_ENDPOINT. */
    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** All spans so far, in the order of their arrival. */
    public List<Received> spans() {
        return List.copyOf(spans);
    }

    /** Spans of that name, in the order of their arrival. */
    public List<Received> spans(String name) {
        return spans.stream().filter(span -> span.name().equals(name)).toList();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdown();
    }

    private void receive(HttpExchange exchange) throws IOException {
        boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
        try (exchange;
                InputStream body =
                        zipped ? new GZIPInputStream(exchange.getRequestBody()) : exchange.getRequestBody()) {
            ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(body);
            request.getResourceSpansList().forEach(resource -> {
                String service =
                        attributes(resource.getResource().getAttributesList()).getOrDefault("service.name", "");
                resource.getScopeSpansList()
                        .forEach(scope -> scope.getSpansList().forEach(span -> spans.add(received(service, span))));
            });
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private static Received received(String service, Span span) {
        String parent = hex(span.getParentSpanId().toByteArray());
        return new Received(
                service,
                span.getName(),
                span.getKind(),
                hex(span.getTraceId().toByteArray()),
                hex(span.getSpanId().toByteArray()),
                parent.isEmpty() ? Optional.empty() : Optional.of(parent),
                span.getLinksList().stream()
                        .map(link -> new Link(
                                hex(link.getTraceId().toByteArray()),
                                hex(link.getSpanId().toByteArray())))
                        .toList(),
                attributes(span.getAttributesList()));
    }

    private static Map<String, String> attributes(List<KeyValue> attributes) {
        Map<String, String> map = new TreeMap<>();
        attributes.forEach(attribute -> map.put(
                attribute.getKey(),
                attribute.getValue().hasStringValue()
                        ? attribute.getValue().getStringValue()
                        : Long.toString(attribute.getValue().getIntValue())));
        return map;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}

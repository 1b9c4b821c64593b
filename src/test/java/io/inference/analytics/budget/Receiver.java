package io.inference.analytics.budget;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A webhook of a test, which answers what the test says and keeps what it got. */
final class Receiver implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** A message as it came. */
    record Message(String signature, byte[] body) {

        JsonNode json() throws IOException {
            return JSON.readTree(body);
        }

        /** As a receiver checks it. */
        boolean isSignedWith(String secret) throws Exception {
            String time = signature.replaceAll("t=([0-9]+),v1=.*", "$1");
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((time + ".").getBytes(StandardCharsets.UTF_8));
            return signature.equals("t=" + time + ",v1=" + HexFormat.of().formatHex(mac.doFinal(body)));
        }
    }

    private final List<Message> messages = new CopyOnWriteArrayList<>();
    private final AtomicInteger status = new AtomicInteger(200);
    private volatile Runnable beforeAnswer = () -> {};
    private final HttpServer server;

    Receiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("localhost"), 0), 0);
        server.createContext("/", exchange -> {
            messages.add(new Message(
                    exchange.getRequestHeaders().getFirst("X-Analytics-Signature"),
                    exchange.getRequestBody().readAllBytes()));
            beforeAnswer.run();
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        server.start();
    }

    String url() {
        return "http://localhost:" + server.getAddress().getPort() + "/budgets";
    }

    void answers(int newStatus) {
        status.set(newStatus);
    }

    /** What happens between each message and its answer. */
    void beforeAnswer(Runnable work) {
        beforeAnswer = work;
    }

    List<Message> messages() {
        return messages;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

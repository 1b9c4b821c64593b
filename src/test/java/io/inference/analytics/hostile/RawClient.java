package io.inference.analytics.hostile;

import io.inference.analytics.testing.ServiceProcess;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Sends on a connection that is kept alive what no HTTP client would send; connects again when the server has closed it. */
final class RawClient implements AutoCloseable {

    /** Which of the two ports. */
    enum Port {
        API,
        MANAGEMENT
    }

    /** An answer; names of headers are in lower case. */
    record Answer(int status, Map<String, String> headers, String body) {}

    private final ServiceProcess service;
    private final Port port;
    private Socket socket;
    private InputStream in;

    RawClient(ServiceProcess service, Port port) {
        this.service = service;
        this.port = port;
    }

    /** The answer to a request that stands there as a whole. */
    Answer ask(String line, String... headers) throws IOException {
        send(line, headers);
        try {
            return read();
        } catch (IOException e) {
            throw new IOException("no answer to " + line.substring(0, Math.min(60, line.length())), e);
        }
    }

    /** Sends a request and goes away without waiting for the answer. */
    void abandon(String line, String... headers) throws IOException {
        send(line, headers);
        close();
    }

    private void send(String line, String... headers) throws IOException {
        if (socket == null) {
            socket = port == Port.API ? service.connect() : service.connectToManagement();
            socket.setSoTimeout(10_000);
            in = new BufferedInputStream(socket.getInputStream());
        }
        StringBuilder head = new StringBuilder(line).append(" HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        socket.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private Answer read() throws IOException {
        int status = Integer.parseInt(line().split(" ", -1)[1]);
        Map<String, String> headers = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        String body = new String(body(headers), StandardCharsets.UTF_8);
        if ("close".equalsIgnoreCase(headers.get("connection"))) {
            close();
        }
        return new Answer(status, headers, body);
    }

    private byte[] body(Map<String, String> headers) throws IOException {
        if (!headers.containsKey("transfer-encoding")) {
            return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
            body.write(in.readNBytes(size));
            line();
        }
        line();
        return body.toByteArray();
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("closed within an answer");
            }
            line.append((char) next);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}

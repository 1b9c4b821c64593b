package io.inference.analytics.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The only way to hosts whose names nothing else can look up: opens tunnels (CONNECT) to the ports of this machine where
 * they are, and notes for whom.
 */
public final class ForwardProxy implements AutoCloseable {

    private static final int REQUEST_BYTES_MAX = 8192;

    private final Map<String, Integer> ports;
    private final ServerSocket listener;
    private final List<String> tunnels = new CopyOnWriteArrayList<>();
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();

    /** @param ports by host and port, such as {@code idp.test:443} */
    public ForwardProxy(Map<String, Integer> ports) {
        this.ports = Map.copyOf(ports);
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Relay.daemon(this::accept);
    }

    public String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    /** Host and port of each tunnel so far. */
    public List<String> tunnels() {
        return tunnels;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                Relay.daemon(() -> serve(client));
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    private void serve(Socket client) {
        try {
            String[] request = head(client.getInputStream()).split(" ", 3);
            Integer port = request[0].equals("CONNECT") ? ports.get(request[1]) : null;
            answer(client, port == null ? "502 Bad Gateway" : "200 Connection established");
            if (port == null) {
                Relay.close(client);
                return;
            }
            tunnels.add(request[1]);
            Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
            open.add(server);
            Relay.both(client, server);
        } catch (IOException e) {
            Relay.close(client);
        }
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int one = in.read();
            if (one < 0 || head.length() > REQUEST_BYTES_MAX) {
                throw new IOException("not a request: " + head);
            }
            head.append((char) one);
        }
        return head.toString();
    }

    private static void answer(Socket client, String status) throws IOException {
        client.getOutputStream().write(("HTTP/1.1 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() {
        Relay.close(listener);
        open.forEach(Relay::close);
    }
}

package io.inference.analytics.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands between the service and a server, so that a test can cut their connections without either of them knowing. */
public final class TcpProxy implements AutoCloseable {

    private final ServerSocket listener;
    private final String host;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /** Listens on the loopback interface and connects to the server for each client. */
    public TcpProxy(int listenPort, String host, int port) {
        this.host = host;
        this.port = port;
        try {
            listener = new ServerSocket(listenPort, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Relay.daemon(this::accept);
    }

    /** Closes every connection of this moment; later ones are served. */
    public void cut() {
        for (Socket socket : sockets) {
            Relay.close(socket);
        }
    }

    @Override
    public void close() {
        Relay.close(listener);
        cut();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                sockets.add(client);
                try {
                    Socket server = new Socket(host, port);
                    sockets.add(server);
                    Relay.daemon(() -> relay(client, server));
                } catch (IOException e) {
                    Relay.close(client);
                }
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    private void relay(Socket client, Socket server) {
        Relay.both(client, server);
        sockets.remove(client);
        sockets.remove(server);
    }
}

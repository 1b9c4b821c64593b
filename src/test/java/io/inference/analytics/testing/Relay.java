package io.inference.analytics.testing;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;

/** Passes bytes between two connections until either of them ends. */
final class Relay {

    private Relay() {}

    /** Returns when both are closed. */
    static void both(Socket client, Socket server) {
        daemon(() -> copy(client, server));
        copy(server, client);
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // Either side has gone; so must the other.
        } finally {
            close(from);
            close(to);
        }
    }

    static void close(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }

    static void daemon(Runnable work) {
        Thread thread = new Thread(work, "relay");
        thread.setDaemon(true);
        thread.start();
    }
}

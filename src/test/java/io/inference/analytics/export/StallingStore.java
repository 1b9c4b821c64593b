package io.inference.analytics.export;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/**
 * Stands between the service and the file store and can hold a request: before the store has seen
 * it, or after the store has done it and before the service knows.
 */
final class StallingStore implements AutoCloseable {

    /**
     * A request to be held.
     *
     * @param line matches its first line
     * @param done whether the store does it
     */
    record Stall(Predicate<String> line, boolean done, CompletableFuture<Void> reached, CountDownLatch released) {

        static Stall before(Predicate<String> line) {
            return new Stall(line, false, new CompletableFuture<>(), new CountDownLatch(1));
        }

        static Stall after(Predicate<String> line) {
            return new Stall(line, true, new CompletableFuture<>(), new CountDownLatch(1));
        }

        private void hold() {
            reached.complete(null);
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Lets the request continue. */
        void release() {
            released.countDown();
        }
    }

    private final ServerSocket listener;
    private final URI store;
    private final List<Stall> armed = new CopyOnWriteArrayList<>();

    StallingStore(String endpoint) throws IOException {
        this.store = URI.create(endpoint);
        this.listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        daemon(this::accept);
    }

    String endpoint() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    /**
     * Holds the next request that matches, and only that one. Of several stalls that match, the one
     * that was armed first holds it.
     */
    Stall arm(Stall stall) {
        armed.add(stall);
        return stall;
    }

    /** The stall that holds this request; no other stall gets it. */
    private Optional<Stall> take(String line) {
        return armed.stream()
                .filter(stall -> stall.line().test(line) && armed.remove(stall))
                .findFirst();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(store.getHost(), store.getPort());
                CompletableFuture<Stall> held = new CompletableFuture<>();
                daemon(() -> requests(client, server, held));
                daemon(() -> answers(server, client, held));
            } catch (IOException e) {
                // Closed, or one of the two has gone: the client tries again.
            }
        }
    }

    private void requests(Socket client, Socket server, CompletableFuture<Stall> held) {
        try (client;
                server) {
            InputStream from = client.getInputStream();
            OutputStream to = server.getOutputStream();
            byte[] some = new byte[1 << 16];
            for (int length = from.read(some); length > 0; length = from.read(some)) {
                String text = new String(some, 0, length, StandardCharsets.ISO_8859_1);
                // Clients write the head of a request at once, so it begins a chunk.
                if (text.matches("(?s)(GET|PUT|POST|HEAD|DELETE) .*")) {
                    Stall stall = take(text.lines().findFirst().orElse("")).orElse(null);
                    if (stall != null && stall.done()) {
                        held.complete(stall);
                    } else if (stall != null) {
                        stall.hold();
                    }
                }
                to.write(some, 0, length);
            }
        } catch (IOException e) {
            // One of the two has gone; so must the other.
        }
    }

    private static void answers(Socket server, Socket client, CompletableFuture<Stall> held) {
        try (client;
                server) {
            InputStream from = server.getInputStream();
            OutputStream to = client.getOutputStream();
            byte[] some = new byte[1 << 16];
            for (int length = from.read(some); length > 0; length = from.read(some)) {
                if (held.isDone()) {
                    held.join().hold();
                }
                to.write(some, 0, length);
            }
        } catch (IOException e) {
            // One of the two has gone; so must the other.
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "stalling-store");
        thread.setDaemon(true);
        thread.start();
    }
}

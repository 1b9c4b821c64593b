package io.inference.analytics.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Stands between the service and a server, so that a test can disturb their connections without either of them knowing. */
public final class TcpProxy implements AutoCloseable {

    private static final int CHUNK_BYTES = 1 << 16;
    private static final int CHUNKS_UNDER_WAY = 256;

    private final ServerSocket listener;
    private final String host;
    private final Set<Passage> passages = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    private volatile int port;
    private volatile long delayNanos;
    private boolean silent;

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

    public int port() {
        return listener.getLocalPort();
    }

    /** Closes every connection of this moment; later ones are served. */
    public void cut() {
        passages.forEach(Passage::close);
    }

    /** The server forgets every connection of this moment, and its clients never hear of it; later ones are served. */
    public void abandon() {
        passages.forEach(Passage::abandon);
    }

    /** Lets nothing through in either direction, of old and of new connections, and closes none. */
    public void silence() {
        synchronized (gate) {
            silent = true;
        }
    }

    /** Lets through what was held up since {@link #silence}, and all later bytes. */
    public void resume() {
        synchronized (gate) {
            silent = false;
            gate.notifyAll();
        }
    }

    /** From now on, what a client sends arrives that much later, as do the answers then. */
    public void delay(Duration roundTrip) {
        delayNanos = roundTrip.toNanos();
    }

    /** Later connections lead to the server at that port. */
    public void redirect(int serverPort) {
        port = serverPort;
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
                try {
                    new Passage(client, new Socket(host, port)).begin();
                } catch (IOException e) {
                    Relay.close(client);
                }
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    /** Bytes, and when they are due; none at the end of the connection. */
    private record Chunk(byte[] bytes, long dueNanos) {}

    /** One client's connection. */
    private final class Passage {

        private final Socket client;
        private final Socket server;
        private volatile boolean abandoned;

        Passage(Socket client, Socket server) throws IOException {
            this.client = client;
            this.server = server;
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        }

        void begin() {
            passages.add(this);
            relay(client, server, true);
            relay(server, client, false);
        }

        private void relay(Socket from, Socket to, boolean delayed) {
            BlockingQueue<Chunk> underWay = new ArrayBlockingQueue<>(CHUNKS_UNDER_WAY);
            Relay.daemon(() -> read(from, underWay, delayed));
            Relay.daemon(() -> write(to, underWay));
        }

        private void read(Socket from, BlockingQueue<Chunk> underWay, boolean delayed) {
            byte[] buffer = new byte[CHUNK_BYTES];
            int length = 0;
            try {
                while (length >= 0) {
                    length = readOrEnd(from, buffer);
                    long due = System.nanoTime() + (delayed ? delayNanos : 0);
                    underWay.put(new Chunk(Arrays.copyOf(buffer, Math.max(0, length)), due));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static int readOrEnd(Socket from, byte[] buffer) {
            try {
                return from.getInputStream().read(buffer);
            } catch (IOException e) {
                return -1;
            }
        }

        private void write(Socket to, BlockingQueue<Chunk> underWay) {
            try {
                for (Chunk chunk = underWay.take(); chunk.bytes().length > 0; chunk = underWay.take()) {
                    TimeUnit.NANOSECONDS.sleep(chunk.dueNanos() - System.nanoTime());
                    awaitGate();
                    to.getOutputStream().write(chunk.bytes());
                }
                awaitGate();
            } catch (IOException e) {
                // Either side has gone; so must the other.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (!abandoned) {
                close();
            }
        }

        private void awaitGate() throws InterruptedException {
            synchronized (gate) {
                while (silent && !server.isClosed()) {
                    gate.wait();
                }
            }
        }

        void abandon() {
            abandoned = true;
            Relay.close(server);
        }

        void close() {
            passages.remove(this);
            Relay.close(client);
            Relay.close(server);
            synchronized (gate) {
                gate.notifyAll();
            }
        }
    }
}

package io.inference.analytics.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Gives a server that speaks no TLS one that does: ends TLS in front of it, by its own protocol's rules where it has any. */
public final class TlsProxy implements AutoCloseable {

    /** How a connection gets to TLS. */
    public enum Greeting {
        /** At once. */
        NONE,
        /** After an SSLRequest of PostgreSQL, which is answered with S. */
        POSTGRES
    }

    private static final int SSL_REQUEST_BYTES = 8;

    private final ServerSocket listener;
    private final SSLContext tls;
    private final Greeting greeting;
    private final String host;
    private final int port;
    private final AtomicInteger conversations = new AtomicInteger();
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();

    /** Listens on a free port of the loopback interface with the key of a PKCS#12 file. */
    public TlsProxy(Path keyStore, char[] password, Greeting greeting, String host, int port) {
        this.greeting = greeting;
        this.host = host;
        this.port = port;
        try (InputStream stream = Files.newInputStream(keyStore)) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(stream, password);
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, password);
            tls = SSLContext.getInstance("TLS");
            tls.init(managers.getKeyManagers(), null, null);
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Relay.daemon(this::accept);
    }

    /** How many handshakes succeeded. */
    public int conversations() {
        return conversations.get();
    }

    public int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Relay.daemon(() -> serve(client));
            } catch (IOException e) {
                // Closed: the loop ends.
            }
        }
    }

    private void serve(Socket client) {
        open.add(client);
        try {
            if (greeting == Greeting.POSTGRES) {
                client.getInputStream().readNBytes(SSL_REQUEST_BYTES);
                client.getOutputStream().write('S');
                client.getOutputStream().flush();
            }
            SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(client, null, client.getPort(), true);
            secured.setUseClientMode(false);
            secured.startHandshake();
            Socket server = new Socket(host, port);
            open.add(server);
            conversations.incrementAndGet();
            Relay.both(secured, server);
        } catch (IOException e) {
            // What does not speak TLS, or does not trust us, goes.
            Relay.close(client);
        }
    }

    @Override
    public void close() {
        Relay.close(listener);
        open.forEach(Relay::close);
    }
}

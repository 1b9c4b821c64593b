package io.inference.analytics.webhook;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Sends one message to a webhook, once.
 *
 * <p>It connects to the very address that {@link WebhookAddresses} has checked, which an HTTP client that resolves names itself
 * cannot promise: a name may resolve to a public address first and to a private one a moment later.
 *
 * <p>Bound: {@link #TRY_MAX} for everything after the look-up, however slowly the receiver answers, and
 * {@value #HEAD_BYTES_MAX} bytes of the answer; its body is not read.
 */
@ApplicationScoped
public class WebhookClient {

    private static final Duration TRY_MAX = Duration.ofSeconds(8);
    private static final int CONNECT_MILLIS_MAX = 3_000;
    private static final int HEAD_BYTES_MAX = 16 * 1024;
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final String END_OF_HEAD = "\r\n\r\n";

    private static final Pattern STATUS = Pattern.compile("HTTP/1[.][01] ([1-5][0-9]{2})[ \r]");

    private final WebhookAddresses addresses;
    private final Clock clock;
    private final Duration tryMax;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "webhook-watch");
        thread.setDaemon(true);
        return thread;
    });

    @Inject
    WebhookClient(WebhookAddresses addresses, Clock clock) {
        this(addresses, clock, TRY_MAX);
    }

    WebhookClient(WebhookAddresses addresses, Clock clock, Duration tryMax) {
        this.addresses = addresses;
        this.clock = clock;
        this.tryMax = tryMax;
    }

    @PreDestroy
    void close() {
        watch.shutdownNow();
    }

    /**
     * Posts a JSON text, signed.
     *
     * @return why the receiver has not taken it, in a few words; empty when it answered with a status from 200 to 299
     */
    public Optional<String> post(String url, String secret, byte[] body) {
        try {
            URI uri = addresses.parse(url);
            int status = exchange(uri, addresses.resolve(uri), head(uri, secret, body), body);
            return status / 100 == 2 ? Optional.empty() : Optional.of("status " + status);
        } catch (WebhookAddresses.Refused e) {
            return Optional.of(e.getMessage());
        } catch (IOException e) {
            // Not the message: it may quote the receiver, or name an address of our network.
            return Optional.of("the connection failed: " + e.getClass().getSimpleName());
        }
    }

    private byte[] head(URI url, String secret, byte[] body) {
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String target = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
        String host = url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort();
        return String.join(
                        "\r\n",
                        "POST " + URI.create(target).toASCIIString() + " HTTP/1.1",
                        "Host: " + host,
                        "User-Agent: inference-analytics/1.0",
                        "Accept: */*",
                        "Connection: close",
                        "Content-Type: application/json",
                        "Content-Length: " + body.length,
                        WebhookSignature.HEADER + ": " + WebhookSignature.of(secret, clock.instant(), body),
                        "",
                        "")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private int exchange(URI url, InetAddress address, byte[] head, byte[] body) throws IOException {
        boolean tls = "https".equalsIgnoreCase(url.getScheme());
        int port = url.getPort() >= 0 ? url.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
        try (Socket plain = new Socket()) {
            // A socket's own time-out begins again with every byte; closing it ends the try whatever it waits for.
            ScheduledFuture<?> end =
                    watch.schedule(() -> closeQuietly(plain), tryMax.toMillis(), TimeUnit.MILLISECONDS);
            try {
                plain.setSoTimeout((int) tryMax.toMillis());
                plain.connect(new InetSocketAddress(address, port), CONNECT_MILLIS_MAX);
                Socket socket = tls ? secured(plain, url, port) : plain;
                OutputStream out = socket.getOutputStream();
                out.write(head);
                out.write(body);
                out.flush();
                return status(socket.getInputStream());
            } finally {
                end.cancel(false);
            }
        }
    }

    private static Socket secured(Socket plain, URI url, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket socket = (SSLSocket) factory.createSocket(plain, WebhookAddresses.host(url), port, true);
        SSLParameters parameters = socket.getSSLParameters();
        // Without it any certificate that the JVM trusts would do, of whatever host.
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    /** The status of the first final answer: a server may send answers of its progress (1xx) before. */
    private static int status(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        for (int read = 0; read < HEAD_BYTES_MAX; read++) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("ended");
            }
            head.write(next);
            if (next != '\n') {
                continue;
            }
            String text = head.toString(StandardCharsets.ISO_8859_1);
            Matcher line = STATUS.matcher(text);
            if (!line.lookingAt()) {
                throw new IOException("not HTTP");
            }
            int status = Integer.parseInt(line.group(1));
            if (status >= 200) {
                return status;
            }
            if (text.endsWith(END_OF_HEAD)) {
                head.reset();
            }
        }
        throw new IOException("too long");
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed, or never was open.
            return;
        }
    }
}

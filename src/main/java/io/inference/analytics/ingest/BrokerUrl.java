package io.inference.analytics.ingest;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * RABBITMQ_URL as every client of the broker reads it: {@code amqp://user:password@host:port/vhost}, {@code amqps} for TLS.
 *
 * <p>User, password and virtual host may be percent-encoded UTF-8. No virtual host, or a bare slash, means the one named {@code /};
 * no user means RabbitMQ's {@code guest}. Parameters are ignored. Errors never quote the URL, because it holds a password.
 */
record BrokerUrl(boolean tls, String host, int port, String username, String password, String virtualHost) {

    private static final String DEFAULT_CREDENTIAL = "guest";
    private static final int AMQP_PORT = 5_672;
    private static final int AMQPS_PORT = 5_671;

    /**
     * Reads it, without the blanks and newlines around it.
     *
     * @throws IllegalArgumentException naming the setting and the expected form
     */
    static BrokerUrl parse(String text) {
        URI uri = uri(text.strip());
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        boolean tls = scheme.equals("amqps");
        if (!tls && !scheme.equals("amqp") || uri.getHost() == null) {
            throw malformed();
        }
        String path = uri.getRawPath();
        if (path.indexOf('/', 1) >= 0) {
            throw malformed();
        }
        String user = uri.getRawUserInfo() == null ? DEFAULT_CREDENTIAL : uri.getRawUserInfo();
        // Split before decoding: an encoded colon belongs to the name.
        int colon = user.indexOf(':');
        return new BrokerUrl(
                tls,
                uri.getHost(),
                uri.getPort() > 0 ? uri.getPort() : tls ? AMQPS_PORT : AMQP_PORT,
                decode(colon < 0 ? user : user.substring(0, colon)),
                colon < 0 ? DEFAULT_CREDENTIAL : decode(user.substring(colon + 1)),
                path.length() <= 1 ? "/" : decode(path.substring(1)));
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            // The cause quotes the URL with its password.
            throw malformed();
        }
    }

    /** In a URL's path and user, unlike in its query, a plus is a plus. */
    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException(
                "RABBITMQ_URL is malformed (expected: amqp://user:password@host:port/vhost)");
    }

    /** Host and port only, so that no log line shows the password. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}

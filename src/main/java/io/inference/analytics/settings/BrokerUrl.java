package io.inference.analytics.settings;

import java.util.List;
import java.util.stream.Collectors;

/**
 * RABBITMQ_URL as every client of the broker reads it: {@code amqp://user:password@host:port/vhost},
 * {@code amqps} for TLS. Several hosts of one cluster are separated by commas.
 *
 * <p>User, password and virtual host may be percent-encoded UTF-8. No virtual host, or a bare slash, means the one named {@code /};
 * no user means RabbitMQ's {@code guest}. Parameters are ignored. Errors never quote the URL, because it holds a password.
 *
 * @param hosts at least one
 */
public record BrokerUrl(boolean tls, List<Host> hosts, String username, String password, String virtualHost) {

    static final String FORM = "amqp://user:password@host:port/vhost, or amqps for TLS";

    private static final String DEFAULT_CREDENTIAL = "guest";
    private static final int AMQP_PORT = 5_672;
    private static final int AMQPS_PORT = 5_671;

    /** A node of the broker; IPv6 in brackets. */
    public record Host(String name, int port) {

        @Override
        public String toString() {
            return name + ":" + port;
        }
    }

    /**
     * Reads it, without the blanks and newlines around it.
     *
     * @throws IllegalArgumentException naming the setting and the expected form
     */
    public static BrokerUrl parse(String text) {
        try {
            return of(ServerAddress.parse(text));
        } catch (ServerAddress.Malformed e) {
            throw new IllegalArgumentException(Setting.RABBITMQ_URL.malformed(e.getMessage()), null);
        }
    }

    static BrokerUrl of(ServerAddress address) {
        boolean tls = address.scheme().equals("amqps");
        if (!tls && !address.scheme().equals("amqp")) {
            throw new ServerAddress.Malformed("");
        }
        String path = address.path();
        if (path.indexOf('/', 1) >= 0) {
            throw new ServerAddress.Malformed("write %2F for a slash in the name of the virtual host");
        }
        return new BrokerUrl(
                tls,
                address.hosts().stream()
                        .map(host ->
                                new Host(host.name(), host.port() > 0 ? host.port() : tls ? AMQPS_PORT : AMQP_PORT))
                        .toList(),
                address.user().orElse(DEFAULT_CREDENTIAL),
                address.password().orElse(DEFAULT_CREDENTIAL),
                path.length() <= 1 ? "/" : ServerAddress.decode(path.substring(1)));
    }

    /** Hosts and ports only, so that no log line shows the password. */
    @Override
    public String toString() {
        return hosts.stream().map(Host::toString).collect(Collectors.joining(","));
    }
}

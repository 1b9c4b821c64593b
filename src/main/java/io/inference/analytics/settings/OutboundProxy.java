package io.inference.analytics.settings;

import io.inference.analytics.settings.ServerAddress.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The proxy of HTTPS_PROXY for addresses with https, except those that NO_PROXY names and this
 * machine. Every other connection is direct, those to PostgreSQL, RabbitMQ and Redis included.
 *
 * <p>An entry of NO_PROXY is a host, which includes its subdomains, an IP address, a range such as
 * {@code 10.0.0.0/8}, or {@code *}. A port after a host is ignored.
 */
final class OutboundProxy extends ProxySelector {

    private static final int HTTP_PORT = 80;
    private static final List<String> THIS_MACHINE = List.of("localhost", "127.0.0.0/8", "::1");

    private final Proxy proxy;
    private final List<String> direct;

    private OutboundProxy(Proxy proxy, List<String> direct) {
        this.proxy = proxy;
        this.direct = direct;
    }

    /**
     * The selector for these values of the two settings.
     *
     * @throws ServerAddress.Malformed when the first is not the address of a proxy
     */
    static OutboundProxy of(String httpsProxy, String noProxy) {
        HostPort host = read(httpsProxy).hosts().get(0);
        List<String> direct = Arrays.stream(noProxy.toLowerCase(Locale.ROOT).split("[,\\s]+", -1))
                .filter(entry -> !entry.isEmpty())
                .toList();
        return new OutboundProxy(
                new Proxy(
                        Proxy.Type.HTTP,
                        InetSocketAddress.createUnresolved(host.name(), host.port() == 0 ? HTTP_PORT : host.port())),
                direct);
    }

    static ServerAddress read(String httpsProxy) {
        ServerAddress address = ServerAddress.parseUri(httpsProxy);
        if (!address.scheme().equals("http")) {
            throw new ServerAddress.Malformed("the connection to the proxy itself is http");
        }
        if (address.user().isPresent()) {
            throw new ServerAddress.Malformed("a proxy that wants a password is not supported");
        }
        return address;
    }

    @Override
    public List<Proxy> select(URI uri) {
        boolean proxied = "https".equalsIgnoreCase(uri.getScheme())
                && uri.getHost() != null
                && !isDirect(uri.getHost().toLowerCase(Locale.ROOT));
        return List.of(proxied ? proxy : Proxy.NO_PROXY);
    }

    private boolean isDirect(String hostOfUri) {
        String host = hostOfUri.startsWith("[") ? hostOfUri.substring(1, hostOfUri.length() - 1) : hostOfUri;
        return THIS_MACHINE.stream().anyMatch(entry -> fits(entry, host))
                || direct.stream().anyMatch(entry -> fits(entry, host));
    }

    private static boolean fits(String entry, String host) {
        Optional<AddressRange> range = AddressRange.parse(entry);
        if (range.isPresent()) {
            return range.get().contains(host);
        }
        String name = entry.replaceFirst(":[0-9]+$", "");
        String domain = name.startsWith("*.") ? name.substring(2) : name.startsWith(".") ? name.substring(1) : name;
        return name.equals("*") || host.equals(domain) || host.endsWith("." + domain);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The caller gets the failure.
    }
}

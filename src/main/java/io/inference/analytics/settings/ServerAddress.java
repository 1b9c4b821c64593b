package io.inference.analytics.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An address that a setting holds: {@code scheme://user:password@host:port,host:port/path?query}.
 * Every setting with an address is read by this class, for the check of the settings and for the
 * client that uses them.
 *
 * <p>White space around it is removed. User and password are split first and decoded afterwards, so
 * that an encoded colon belongs to the name. A raw {@code @} may stand in the password. Hosts may be
 * IPv6 addresses in brackets, and may hold an underscore. Errors never quote the address, because it
 * may hold a password.
 *
 * @param scheme in lower case
 * @param user decoded; empty where none is given
 * @param password decoded; empty where none is given
 * @param path as written, with its first slash; may be empty
 * @param query as written, without the question mark; may be empty
 */
record ServerAddress(
        String scheme,
        Optional<String> user,
        Optional<String> password,
        List<HostPort> hosts,
        String path,
        String query) {

    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?]");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
    private static final int PORT_MAX = 65_535;

    /** The text is not an address. The message says why, without a word of the text; it may be empty. */
    static final class Malformed extends IllegalArgumentException {

        private static final long serialVersionUID = 1;

        Malformed(String reason) {
            super(reason);
        }
    }

    /**
     * Reads an address.
     *
     * @throws Malformed when the text is not one
     */
    static ServerAddress parse(String text) {
        String url = text.strip();
        int colon = url.indexOf("://");
        if (colon < 0 || !SCHEME.matcher(url.substring(0, colon)).matches()) {
            throw new Malformed("");
        }
        if (url.chars().anyMatch(c -> c <= ' ' || c == 127)) {
            throw new Malformed("it has a blank or a line break inside");
        }
        String rest = url.substring(colon + 3);
        int question = rest.indexOf('?');
        String query = question < 0 ? "" : rest.substring(question + 1);
        String location = question < 0 ? rest : rest.substring(0, question);
        int slash = location.indexOf('/');
        String authority = slash < 0 ? location : location.substring(0, slash);
        int at = authority.lastIndexOf('@');
        String credentials = at < 0 ? "" : authority.substring(0, at);
        int split = credentials.indexOf(':');
        List<HostPort> hosts = new ArrayList<>();
        for (String host : authority.substring(at + 1).split(",", -1)) {
            hosts.add(HostPort.parse(host));
        }
        return new ServerAddress(
                url.substring(0, colon).toLowerCase(Locale.ROOT),
                at < 0
                        ? Optional.empty()
                        : Optional.of(decode(split < 0 ? credentials : credentials.substring(0, split))),
                split < 0 ? Optional.empty() : Optional.of(decode(credentials.substring(split + 1))),
                List.copyOf(hosts),
                slash < 0 ? "" : location.substring(slash),
                query);
    }

    /** In a URL's path, user and password, unlike in its query, a plus is a plus. */
    static String decode(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new Malformed("a percent sign in it is not followed by two hexadecimal digits; write %25 for %");
        }
    }

    /**
     * Refuses what clients that use {@link URI} cannot reach.
     *
     * @throws Malformed when it has several hosts, an underscore in its host, or characters that are to be encoded
     */
    static ServerAddress parseUri(String text) {
        ServerAddress address = parse(text);
        if (address.hosts().size() > 1) {
            throw new Malformed("it has several hosts");
        }
        if (address.hosts().get(0).name().indexOf('_') >= 0) {
            throw new Malformed("the host name has an underscore, which clients of this kind of address refuse;"
                    + " use another name or the IP address");
        }
        try {
            if (new URI(text.strip()).getHost() == null) {
                throw new Malformed("");
            }
        } catch (URISyntaxException e) {
            throw new Malformed("a character in it must be percent-encoded");
        }
        return address;
    }

    /**
     * A host as clients take it, IPv6 in brackets.
     *
     * @param port 0 where none is given
     */
    record HostPort(String name, int port) {

        private static HostPort parse(String text) {
            int bracket = text.lastIndexOf(']');
            int colon = text.indexOf(':', bracket < 0 ? 0 : bracket);
            String name = colon < 0 ? text : text.substring(0, colon);
            if (!NAME.matcher(name).matches() && !IPV6.matcher(name).matches()) {
                throw new Malformed(name.isEmpty() ? "it names no host" : "");
            }
            if (colon < 0) {
                return new HostPort(name, 0);
            }
            String port = text.substring(colon + 1);
            int number = PORT.matcher(port).matches() ? Integer.parseInt(port) : 0;
            if (number < 1 || number > PORT_MAX) {
                throw new Malformed("the port is not a number from 1 to 65535");
            }
            return new HostPort(name, number);
        }

        @Override
        public String toString() {
            return port == 0 ? name : name + ":" + port;
        }
    }

    @Override
    public String toString() {
        return scheme + "://"
                + String.join(",", hosts.stream().map(HostPort::toString).toList());
    }
}

package io.inference.analytics.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * DATABASE_URL in both of its spellings, {@code postgres://user:pass@host:port/db?params} (or {@code
 * postgresql://}) and {@code jdbc:postgresql:…}. The resulting JDBC URL holds no credentials. Errors
 * name the variable and the expected form, never the value, because the value holds a password. The
 * pools set the time-outs, unless the URL does.
 */
record DatabaseUrl(String jdbcUrl, Optional<String> username, Optional<String> password) {

    static final String FORM = "postgres://user:password@host:port/database or jdbc:postgresql://host:port/database";

    static boolean isWellFormed(String value) {
        try {
            parse(value);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Parses the value of DATABASE_URL.
     *
     * @throws IllegalArgumentException naming the variable, when it is missing or malformed
     */
    static DatabaseUrl parse(String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(Setting.DATABASE_URL.missing());
        }
        String url = value.trim();
        if (url.startsWith("jdbc:postgresql://")) {
            return parseUri(url.substring("jdbc:".length()));
        }
        if (url.startsWith("jdbc:postgresql:") && url.length() > "jdbc:postgresql:".length()) {
            return new DatabaseUrl(url, Optional.empty(), Optional.empty());
        }
        if (url.startsWith("postgres://") || url.startsWith("postgresql://")) {
            return parseUri(url);
        }
        throw malformed();
    }

    // java.net.URI cannot parse the whole: it refuses several hosts (host1:5432,host2:5432), which
    // PostgreSQL drivers allow.
    private static DatabaseUrl parseUri(String url) {
        String rest = url.substring(url.indexOf("://") + 3);
        int question = rest.indexOf('?');
        String query = question < 0 ? "" : rest.substring(question + 1);
        String location = question < 0 ? rest : rest.substring(0, question);
        int slash = location.indexOf('/');
        String authority = slash < 0 ? location : location.substring(0, slash);
        String database = slash < 0 ? "" : location.substring(slash + 1);
        int at = authority.lastIndexOf('@');
        String userInfo = at < 0 ? "" : authority.substring(0, at);
        String hosts = authority.substring(at + 1);
        if (hosts.isEmpty() || database.isEmpty() || database.indexOf('/') >= 0) {
            throw malformed();
        }
        for (String host : hosts.split(",", -1)) {
            checkHost(host);
        }
        Map<String, String> parameters = parameters(query);
        int colon = userInfo.indexOf(':');
        Optional<String> user = given(decode(colon < 0 ? userInfo : userInfo.substring(0, colon)))
                .or(() -> Optional.ofNullable(parameters.get("user")));
        Optional<String> password = (colon < 0
                        ? Optional.<String>empty()
                        : given(decode(userInfo.substring(colon + 1))))
                .or(() -> Optional.ofNullable(parameters.get("password")));
        parameters.remove("user");
        parameters.remove("password");
        parameters.putIfAbsent("ApplicationName", "analytics");
        parameters.putIfAbsent("tcpKeepAlive", "true");
        StringBuilder jdbc = new StringBuilder("jdbc:postgresql://")
                .append(hosts)
                .append('/')
                .append(database);
        char separator = '?';
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            jdbc.append(separator)
                    .append(URLEncoder.encode(parameter.getKey(), StandardCharsets.UTF_8))
                    .append('=')
                    .append(URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8));
            separator = '&';
        }
        return new DatabaseUrl(jdbc.toString(), user, password);
    }

    private static void checkHost(String host) {
        try {
            URI uri = new URI("postgres://" + host + "/");
            if (uri.getHost() == null || uri.getPort() > 65_535) {
                throw malformed();
            }
        } catch (URISyntaxException e) {
            throw malformed();
        }
    }

    /** Translates names of libpq that the JDBC driver spells differently: one URL serves psql and this service. */
    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new TreeMap<>();
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw malformed();
            }
            String name = decode(pair.substring(0, equals));
            String key =
                    switch (name) {
                        case "application_name" -> "ApplicationName";
                        case "connect_timeout" -> "connectTimeout";
                        default -> name;
                    };
            parameters.put(key, decode(pair.substring(equals + 1)));
        }
        return parameters;
    }

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** A plus stays a plus: in the user part and the password it is an ordinary character. */
    private static String decode(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw malformed();
        }
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException(Setting.DATABASE_URL.malformed());
    }

    @Override
    public String toString() {
        return "DatabaseUrl[" + jdbcUrl + "]";
    }
}

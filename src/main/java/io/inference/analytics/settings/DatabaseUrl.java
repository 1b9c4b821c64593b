package io.inference.analytics.settings;

import io.inference.analytics.settings.ServerAddress.HostPort;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * DATABASE_URL in both of its spellings, {@code postgres://user:pass@host:port/db?params} (or {@code
 * postgresql://}) and {@code jdbc:postgresql:…}. The resulting JDBC URL holds no credentials. Errors
 * name the variable and the expected form, never the value, because the value holds a password. The
 * pools set the time-outs, unless the URL does.
 */
record DatabaseUrl(String jdbcUrl, Optional<String> username, Optional<String> password) {

    static final String FORM = "postgres://user:password@host:port/database or jdbc:postgresql://host:port/database";

    private static final String JDBC = "jdbc:";
    private static final Pattern OWN_TRUST = Pattern.compile("[?&](sslrootcert|sslfactory)=");

    /**
     * Parses the value of DATABASE_URL.
     *
     * @throws IllegalArgumentException naming the variable, when it is missing or malformed
     */
    static DatabaseUrl parse(String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(Setting.DATABASE_URL.missing());
        }
        try {
            return read(value);
        } catch (ServerAddress.Malformed e) {
            throw new IllegalArgumentException(Setting.DATABASE_URL.malformed(e.getMessage()), null);
        }
    }

    /**
     * Reads the value.
     *
     * @throws ServerAddress.Malformed saying why, without a word of the value
     */
    static DatabaseUrl read(String value) {
        String text = value.strip();
        String url = text.startsWith(JDBC) ? text.substring(JDBC.length()) : text;
        if (url.startsWith("postgresql://") || url.startsWith("postgres://") && url.equals(text)) {
            return of(ServerAddress.parse(url));
        }
        if (text.startsWith(JDBC + "postgresql:") && text.length() > (JDBC + "postgresql:").length()) {
            return new DatabaseUrl(text, Optional.empty(), Optional.empty());
        }
        throw new ServerAddress.Malformed("");
    }

    private static DatabaseUrl of(ServerAddress address) {
        String database = address.path().isEmpty() ? "" : address.path().substring(1);
        if (database.isEmpty() || database.indexOf('/') >= 0) {
            throw new ServerAddress.Malformed("its path is not the name of a database");
        }
        Map<String, String> parameters = parameters(address.query());
        Optional<String> user = given(address.user()).or(() -> Optional.ofNullable(parameters.get("user")));
        Optional<String> password = given(address.password()).or(() -> Optional.ofNullable(parameters.get("password")));
        parameters.remove("user");
        parameters.remove("password");
        parameters.putIfAbsent("ApplicationName", "analytics");
        parameters.putIfAbsent("tcpKeepAlive", "true");
        StringBuilder jdbc = new StringBuilder("jdbc:postgresql://")
                .append(address.hosts().stream().map(HostPort::toString).collect(Collectors.joining(",")))
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

    /** Translates names of libpq that the JDBC driver spells differently: one URL serves psql and this service. */
    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new TreeMap<>();
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new ServerAddress.Malformed("a parameter in it has no name or no value");
            }
            String name = ServerAddress.decode(pair.substring(0, equals));
            String key =
                    switch (name) {
                        case "application_name" -> "ApplicationName";
                        case "connect_timeout" -> "connectTimeout";
                        default -> name;
                    };
            parameters.put(key, ServerAddress.decode(pair.substring(equals + 1)));
        }
        return parameters;
    }

    /**
     * With the certificates that this JVM trusts, if the URL asks for a check and names no certificates
     * of its own. PostgreSQL's driver trusts none of them otherwise.
     */
    DatabaseUrl trustingTheJvm() {
        boolean checks = jdbcUrl.contains("sslmode=verify-")
                && !OWN_TRUST.matcher(jdbcUrl).find();
        return checks
                ? new DatabaseUrl(jdbcUrl + "&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory", username, password)
                : this;
    }

    private static Optional<String> given(Optional<String> text) {
        return text.filter(some -> !some.isEmpty());
    }

    @Override
    public String toString() {
        return "DatabaseUrl[" + jdbcUrl + "]";
    }
}

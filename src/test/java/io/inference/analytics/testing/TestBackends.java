package io.inference.analytics.testing;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.quarkus.test.common.QuarkusTestResourceConfigurableLifecycleManager;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;

/**
 * Starts the servers that a test names, gives the application a fresh database (dropped at the end), an empty broker and a key
 * for tokens. The servers come from {@code local-dev/backend}: Docker where a daemon answers, else private native ones;
 * ANALYTICS_BACKENDS=external takes those that the environment names.
 */
public class TestBackends implements QuarkusTestResourceConfigurableLifecycleManager<WithBackends> {

    private static final List<String> QUEUES =
            List.of("analytics.usage.v1", "analytics.usage.v1.queue", "analytics.usage.v1.dlq");

    private static final String KEPT_PRIVATE = "tests.private-key";
    private static final String KEPT_PUBLIC = "tests.public-key";

    private final Set<Backend> needed = EnumSet.noneOf(Backend.class);
    private String databaseUrl;
    private String databaseName;

    @Override
    public void init(WithBackends annotation) {
        needed.add(Backend.POSTGRES);
        if (annotation.rabbitmq()) {
            needed.add(Backend.RABBITMQ);
        }
        if (annotation.redis()) {
            needed.add(Backend.REDIS);
        }
        if (annotation.s3()) {
            needed.add(Backend.S3);
        }
    }

    /** For tests without Quarkus. */
    public TestBackends needing(Backend... backends) {
        needed.addAll(List.of(backends));
        return this;
    }

    @Override
    public Map<String, String> start() {
        needed.forEach(LocalDev::start);
        Map<String, String> found = LocalDev.settings();
        Map<String, String> settings = new HashMap<>(keys());
        if (needed.contains(Backend.POSTGRES)) {
            settings.put("DATABASE_URL", createDatabase(setting(found, "DATABASE_URL")));
            settings.put("STORAGE_FLAVOUR", flavour());
        }
        if (needed.contains(Backend.RABBITMQ)) {
            settings.put("RABBITMQ_URL", setting(found, "RABBITMQ_URL"));
            settings.put("RABBITMQ_STREAM_PORT", setting(found, "RABBITMQ_STREAM_PORT"));
            emptyBroker(setting(found, "RABBITMQ_URL"));
        } else {
            // Tests of the read side put the tables into the state that they need; nobody may move it.
            settings.put("RABBITMQ_URL", "amqp://nobody:absent@no-broker.invalid");
            settings.put("analytics.ingestion.enabled", "false");
            settings.put("analytics.rollup.enabled", "false");
        }
        settings.put("REDIS_URL", needed.contains(Backend.REDIS) ? setting(found, "REDIS_URL") : "redis://127.0.0.1:1");
        if (needed.contains(Backend.S3)) {
            // Exports refuse what retention may have dropped; the tests' own events have dates that do not move.
            settings.put("analytics.retention.raw", "P50Y");
            settings.put("analytics.retention.rollups", "P50Y");
            found.forEach((name, value) -> {
                if (name.startsWith("S3_")) {
                    settings.put(name, value);
                }
            });
        }
        return settings;
    }

    @Override
    public void stop() {
        if (databaseName != null) {
            execute(databaseUrl, "drop database if exists " + databaseName + " with (force)");
        }
    }

    private static String flavour() {
        return System.getProperty("analytics.test.flavour", "postgres");
    }

    private static String setting(Map<String, String> settings, String name) {
        String value = settings.get(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set by the test backends");
        }
        return value;
    }

    private String createDatabase(String url) {
        databaseUrl = url;
        databaseName = "t_" + UUID.randomUUID().toString().replace("-", "");
        execute(url, "create database " + databaseName);
        String created = url.replaceFirst("(//[^/]*/)[^?]*", "$1" + databaseName);
        if (flavour().equals("citus")) {
            execute(created, "create extension citus");
            // Each shard has a table for each day; two are enough to tell organisations apart.
            execute(created, "alter database " + databaseName + " set analytics.shard_count = '2'");
        }
        return created;
    }

    private static void execute(String url, String sql) {
        URI uri = URI.create(url.replaceFirst("^jdbc:", ""));
        Properties properties = new Properties();
        if (uri.getUserInfo() != null) {
            String[] user = uri.getUserInfo().split(":", 2);
            properties.setProperty("user", user[0]);
            properties.setProperty("password", user.length > 1 ? user[1] : "");
        }
        String jdbc = "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath();
        try (java.sql.Connection connection = DriverManager.getConnection(jdbc, properties);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static void emptyBroker(String url) {
        ConnectionFactory factory = new ConnectionFactory();
        try {
            factory.setUri(url);
            try (Connection connection = factory.newConnection()) {
                for (String queue : QUEUES) {
                    try (Channel channel = connection.createChannel()) {
                        channel.queueDelete(queue);
                    }
                }
                try (Channel channel = connection.createChannel()) {
                    channel.exchangeDelete("analytics.usage");
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException("the broker could not be emptied", e);
        }
    }

    /**
     * One pair for all tests of the process, because it takes a second to make. It is kept among the system properties, and the private
     * key travels as a setting: tests and this class may live in different class loaders.
     */
    private static Map<String, String> keys() {
        Properties kept = System.getProperties();
        synchronized (kept) {
            if (!kept.containsKey(KEPT_PUBLIC)) {
                KeyPair pair = pair();
                kept.setProperty(
                        KEPT_PRIVATE, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
                kept.setProperty(KEPT_PUBLIC, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
            }
            return Map.of(
                    "JWT_ISSUER",
                    Tokens.ISSUER,
                    "JWT_AUDIENCE",
                    Tokens.AUDIENCE,
                    "JWT_PUBLIC_KEY",
                    kept.getProperty(KEPT_PUBLIC),
                    Tokens.PRIVATE_KEY,
                    kept.getProperty(KEPT_PRIVATE));
        }
    }

    private static KeyPair pair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static String pem(String kind, byte[] der) {
        String text = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(der);
        return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
    }
}

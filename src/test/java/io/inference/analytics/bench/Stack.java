package io.inference.analytics.bench;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.TestBackends;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/** A fresh, migrated database, an empty broker and the settings with which the service is started on them. */
final class Stack implements AutoCloseable {

    /** Holds the same messages as the transport, for a reference to read. */
    static final String REFERENCE_QUEUE = "analytics.bench.reference";

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS);
    private final Map<String, String> settings;

    Stack(String transport, Backend... more) {
        backends.needing(more);
        settings = new HashMap<>(backends.start());
        settings.put("INGESTION_TRANSPORT", transport);
    }

    Map<String, String> settings() {
        return settings;
    }

    /** The packaged service, with the options of the JVM with which it is shipped. */
    ServiceProcess startService() {
        return startService(Map.of());
    }

    /** The same with settings of its own. */
    ServiceProcess startService(Map<String, String> own) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(own);
        return ServiceProcess.start(Bench.serviceJvmOptions(), all).awaitReady();
    }

    /** Starts the service once and stops it, so that the tables, the exchange and the queues are there. */
    void prepare() {
        startService().stop();
    }

    Connection database() throws SQLException {
        URI uri = URI.create(settings.get("DATABASE_URL"));
        String[] user = uri.getUserInfo().split(":", 2);
        return DriverManager.getConnection(
                "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(), user[0], user[1]);
    }

    /** The first column of the first row. */
    double number(String sql) throws SQLException {
        try (Connection connection = database();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getDouble(1);
        }
    }

    /** The first column of the first row. */
    String text(String sql) throws SQLException {
        try (Connection connection = database();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = database();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Binds a quorum queue, so that it gets every message that the transport gets. */
    void bindReferenceQueue() throws Exception {
        onBroker(channel -> {
            channel.queueDeclare(REFERENCE_QUEUE, true, false, false, Map.of("x-queue-type", "quorum"));
            channel.queueBind(REFERENCE_QUEUE, "analytics.usage", "usage.v1");
        });
    }

    void deleteReferenceQueue() throws Exception {
        onBroker(channel -> channel.queueDelete(REFERENCE_QUEUE));
    }

    @FunctionalInterface
    private interface BrokerAction {
        void on(Channel channel) throws Exception;
    }

    private void onBroker(BrokerAction action) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(settings.get("RABBITMQ_URL"));
        try (com.rabbitmq.client.Connection connection = factory.newConnection("local-dev/bench");
                Channel channel = connection.createChannel()) {
            action.on(channel);
        }
    }

    @Override
    public void close() {
        backends.stop();
    }
}

package io.inference.analytics.ingest;

import static org.awaitility.Awaitility.await;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.testing.Drift;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** A producer, a reader of dead letters and a look into the tables, for one organisation of its own. */
public final class IngestLab implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final UUID org = UUID.randomUUID();
    private final DataSource database;
    private final Connection connection;
    private final Channel channel;

    /** What lies in the dead letter queue. */
    public record Letter(byte[] payload, Map<String, Object> headers) {
        public String header(String name) {
            Object value = headers == null ? null : headers.get(name);
            return value == null ? null : value.toString();
        }
    }

    public IngestLab(String brokerUrl, DataSource database) throws Exception {
        this.database = database;
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(brokerUrl);
        connection = factory.newConnection();
        channel = connection.createChannel();
        channel.confirmSelect();
    }

    @Override
    public void close() throws IOException {
        // Everything published is confirmed; the broker may be gone.
        connection.abort();
    }

    public UUID org() {
        return org;
    }

    /** An event of this organisation with an id of its own, a second old. */
    public EventJson event() {
        return event(Instant.now().minusSeconds(1));
    }

    public EventJson event(Instant occurredAt) {
        return EventJson.minimal()
                .with("orgId", "\"" + org + "\"")
                .with("eventId", "\"" + UUID.randomUUID() + "\"")
                .with("occurredAt", "\"" + occurredAt.truncatedTo(ChronoUnit.MICROS) + "\"");
    }

    /** Publishes the bodies in order and returns when the broker has confirmed all. */
    public void publish(List<byte[]> bodies) throws Exception {
        for (byte[] body : bodies) {
            channel.basicPublish(BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY, properties(null), body);
        }
        channel.waitForConfirmsOrDie(30_000);
    }

    public void publish(EventJson... events) throws Exception {
        List<byte[]> bodies = new ArrayList<>();
        for (EventJson event : events) {
            bodies.add(event.bytes());
        }
        publish(bodies);
    }

    /** Publishes one message with an id. */
    public void publish(String messageId, byte[] body) throws Exception {
        channel.basicPublish(BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY, properties(messageId), body);
        channel.waitForConfirmsOrDie(30_000);
    }

    private static AMQP.BasicProperties properties(String messageId) {
        return new AMQP.BasicProperties.Builder()
                .deliveryMode(2)
                .messageId(messageId)
                .build();
    }

    /** Takes everything out of the dead letter queue, once all that is stored has been published. */
    public List<Letter> letters() throws Exception {
        await().atMost(PATIENCE).until(() -> pendingLetters() == 0);
        List<Letter> letters = new ArrayList<>();
        GetResponse letter;
        while ((letter = channel.basicGet(BrokerTopology.DEAD_LETTER_QUEUE, true)) != null) {
            letters.add(new Letter(letter.getBody(), letter.getProps().getHeaders()));
        }
        return letters;
    }

    /** Dead letters that are stored, and not in their queue yet. */
    public long pendingLetters() throws SQLException {
        return number("select count(*) from analytics.ingestion_dead_letters");
    }

    /** As an operator may. */
    public void deleteDeadLetterQueue() throws IOException {
        channel.queueDelete(BrokerTopology.DEAD_LETTER_QUEUE);
    }

    /** In its place, a queue that is not ours and takes nothing. */
    public void blockDeadLetterQueue() throws IOException {
        deleteDeadLetterQueue();
        channel.queueDeclare(
                BrokerTopology.DEAD_LETTER_QUEUE,
                true,
                false,
                false,
                Map.of("x-max-length", 0, "x-overflow", "reject-publish"));
    }

    /** Takes the binding of what the ingest reads away, so that the exchange has nowhere to put an event. */
    public void unbind(boolean stream) throws IOException {
        channel.queueUnbind(reader(stream), BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY);
    }

    public void bind(boolean stream) throws IOException {
        channel.queueBind(reader(stream), BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY);
    }

    private static String reader(boolean stream) {
        return stream ? BrokerTopology.STREAM : BrokerTopology.QUEUE;
    }

    /** Binds a further queue that is full, so that the broker refuses every event; the other one still gets it. */
    public void bindFullQueue(String name) throws IOException {
        channel.queueDeclare(name, false, true, true, Map.of("x-max-length", 0, "x-overflow", "reject-publish"));
        channel.queueBind(name, BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY);
    }

    public void deleteQueue(String name) throws IOException {
        channel.queueDelete(name);
    }

    public static String id(EventJson event) {
        return event.raw("eventId").replace("\"", "");
    }

    public boolean isStored(EventJson event) throws SQLException {
        return number(
                        "select count(*) from analytics.usage_events where org_id = ? and event_id = ?::uuid",
                        org,
                        id(event))
                == 1;
    }

    public long stored() throws SQLException {
        return number("select count(*) from analytics.usage_events where org_id = ?", org);
    }

    public long number(String sql, Object... values) throws SQLException {
        Object found = value(sql, values);
        return found == null ? 0 : ((Number) found).longValue();
    }

    /** The first column of the first row; null when there is none. */
    public Object value(String sql, Object... values) throws SQLException {
        try (java.sql.Connection sqlConnection = database.getConnection();
                PreparedStatement statement = sqlConnection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? rows.getObject(1) : null;
            }
        }
    }

    public void execute(String sql, Object... values) throws SQLException {
        try (java.sql.Connection sqlConnection = database.getConnection();
                PreparedStatement statement = sqlConnection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }

    /** Rows by which any rollup of any organisation differs from what it is computed from, in either direction. */
    public long drift() throws SQLException {
        try (java.sql.Connection sqlConnection = database.getConnection()) {
            return Drift.of(sqlConnection);
        }
    }
}

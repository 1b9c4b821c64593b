package io.inference.analytics.testing;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * Puts usage events straight into the tables, rolled up, without broker and ingest. Works in either flavour: what the flavour
 * calls {@code roll_up_stage} is called where it exists.
 */
public final class StoredUsage {

    private final List<Event> events = new ArrayList<>();

    /** An event: the values of its columns. Each method answers a changed copy. */
    public static final class Event {

        private final Map<String, Object> values;

        private Event(Map<String, Object> values) {
            this.values = values;
        }

        /** One cheap success. */
        public static Event of(UUID org, UUID model, String occurredAt) {
            Map<String, Object> values = new LinkedHashMap<>();
            OffsetDateTime at = Instant.parse(occurredAt).atOffset(ZoneOffset.UTC);
            values.put("org_id", org);
            values.put("actor_id", null);
            values.put("model_id", model);
            values.put("client_id", "");
            values.put("occurred_at", at);
            values.put("received_at", at);
            values.put("input_tokens", 10L);
            values.put("output_tokens", 5L);
            values.put("cache_read_input_tokens", 2L);
            values.put("cache_write_input_tokens", 1L);
            values.put("cache_write_1h_input_tokens", 0L);
            values.put("latency_ms", 100L);
            values.put("time_to_first_token_ms", 20L);
            values.put("status", "success");
            values.put("error_code", null);
            values.put("metadata", null);
            values.put("cost_estimate_cents", new BigDecimal("1.5"));
            values.put("batch_id", 0L);
            return new Event(values);
        }

        private Event with(String column, Object value) {
            Map<String, Object> changed = new LinkedHashMap<>(values);
            changed.put(column, value);
            return new Event(changed);
        }

        public Event user(UUID id) {
            return with("actor_id", id);
        }

        public Event client(String id) {
            return with("client_id", id);
        }

        public Event status(String ended) {
            return with("status", ended);
        }

        /** Input and output without any part that came from a cache. */
        public Event tokens(long input, long output) {
            return with("input_tokens", input).with("output_tokens", output).caches(0, 0, 0);
        }

        /** Parts of the input; the last is a part of what is written. */
        public Event caches(long read, long written, long writtenFor1h) {
            return with("cache_read_input_tokens", read)
                    .with("cache_write_input_tokens", written)
                    .with("cache_write_1h_input_tokens", writtenFor1h);
        }

        public Event latency(long ms, Long timeToFirstToken) {
            return with("latency_ms", ms).with("time_to_first_token_ms", timeToFirstToken);
        }

        /** In US cents; null means unpriced. */
        public Event cost(String cents) {
            return with("cost_estimate_cents", cents == null ? null : new BigDecimal(cents));
        }

        public Event errorCode(String code) {
            return with("error_code", code);
        }

        /** The canonical JSON, or null. */
        public Event metadata(String json) {
            return with("metadata", json);
        }

        private LocalDate day() {
            return ((OffsetDateTime) values.get("occurred_at")).toLocalDate();
        }
    }

    public StoredUsage add(Event event) {
        events.add(event);
        return this;
    }

    /** Stores everything in one transaction. */
    public void store(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                boolean partitions = exists(statement, "analytics.ensure_day(date)");
                boolean rollUp = exists(statement, "analytics.roll_up_stage()");
                if (partitions) {
                    ensureDays(connection);
                }
                statement.execute("drop table if exists batch_stage");
                statement.execute(
                        "create temporary table batch_stage (like analytics.usage_events including defaults)");
                insert(connection);
                statement.execute("insert into analytics.usage_events select * from batch_stage");
                if (rollUp) {
                    statement.execute("select analytics.roll_up_stage()");
                }
                statement.execute("drop table batch_stage");
            }
            connection.commit();
        }
    }

    private static boolean exists(Statement statement, String function) throws SQLException {
        try (var row = statement.executeQuery("select to_regprocedure('" + function + "') is not null")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private void ensureDays(Connection connection) throws SQLException {
        try (PreparedStatement ensure = connection.prepareStatement("select analytics.ensure_day(?::date)")) {
            for (LocalDate day : new TreeSet<>(events.stream().map(Event::day).toList())) {
                ensure.setString(1, day.toString());
                ensure.execute();
            }
        }
    }

    private void insert(Connection connection) throws SQLException {
        if (events.isEmpty()) {
            return;
        }
        Set<String> columns = events.get(0).values.keySet();
        String sql =
                "insert into batch_stage (event_id, " + String.join(", ", columns) + ") values (gen_random_uuid(), "
                        + columns.stream()
                                .map(column -> column.equals("metadata") ? "?::jsonb" : "?")
                                .collect(Collectors.joining(", "))
                        + ")";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (Event event : events) {
                int parameter = 1;
                for (Object value : event.values.values()) {
                    insert.setObject(parameter++, value);
                }
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }
}

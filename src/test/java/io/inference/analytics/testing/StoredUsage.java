package io.inference.analytics.testing;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Puts usage events straight into the tables, rolled up, without broker and ingest. Works in either flavour: what the flavour
 * calls {@code roll_up_stage} is called where it exists.
 */
public final class StoredUsage {

    private static final String[] COLUMNS = {
        "event_id",
        "org_id",
        "actor_id",
        "model_id",
        "client_id",
        "occurred_at",
        "received_at",
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_write_input_tokens",
        "cache_write_1h_input_tokens",
        "latency_ms",
        "time_to_first_token_ms",
        "status",
        "error_code",
        "metadata",
        "cost_estimate_cents",
        "batch_id"
    };

    private final List<Event> events = new ArrayList<>();

    /** An event; the defaults are one cheap success. */
    public record Event(
            UUID org,
            UUID model,
            UUID user,
            String client,
            Instant occurredAt,
            String status,
            long inputTokens,
            long outputTokens,
            long cacheReadInputTokens,
            long cacheWriteInputTokens,
            long cacheWrite1hInputTokens,
            long latencyMs,
            Long timeToFirstTokenMs,
            BigDecimal costCents,
            String errorCode,
            String metadata) {

        public static Event of(UUID org, UUID model, String occurredAt) {
            return new Event(
                    org,
                    model,
                    null,
                    "",
                    Instant.parse(occurredAt),
                    "success",
                    10,
                    5,
                    2,
                    1,
                    0,
                    100,
                    20L,
                    new BigDecimal("1.5"),
                    null,
                    null);
        }

        public Event user(UUID id) {
            return new Event(
                    org,
                    model,
                    id,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    metadata);
        }

        public Event client(String id) {
            return new Event(
                    org,
                    model,
                    user,
                    id,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    metadata);
        }

        public Event status(String ended) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    ended,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    metadata);
        }

        public Event tokens(long input, long output) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    input,
                    output,
                    0,
                    0,
                    0,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    metadata);
        }

        /** Parts of the input; the last is a part of what is written. */
        public Event caches(long read, long written, long writtenFor1h) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    read,
                    written,
                    writtenFor1h,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    metadata);
        }

        public Event latency(long ms, Long timeToFirstToken) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    ms,
                    timeToFirstToken,
                    costCents,
                    errorCode,
                    metadata);
        }

        /** In US cents; null means unpriced. */
        public Event cost(String cents) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    cents == null ? null : new BigDecimal(cents),
                    errorCode,
                    metadata);
        }

        public Event errorCode(String code) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    code,
                    metadata);
        }

        /** The canonical JSON, or null. */
        public Event metadata(String json) {
            return new Event(
                    org,
                    model,
                    user,
                    client,
                    occurredAt,
                    status,
                    inputTokens,
                    outputTokens,
                    cacheReadInputTokens,
                    cacheWriteInputTokens,
                    cacheWrite1hInputTokens,
                    latencyMs,
                    timeToFirstTokenMs,
                    costCents,
                    errorCode,
                    json);
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
            for (String day : events.stream()
                    .map(event -> event.occurredAt()
                            .atOffset(ZoneOffset.UTC)
                            .toLocalDate()
                            .toString())
                    .distinct()
                    .sorted()
                    .toList()) {
                ensure.setString(1, day);
                ensure.execute();
            }
        }
    }

    private void insert(Connection connection) throws SQLException {
        String sql = "insert into batch_stage (" + String.join(", ", COLUMNS) + ") values ("
                + Stream.of(COLUMNS)
                        .map(column -> column.equals("metadata") ? "?::jsonb" : "?")
                        .collect(Collectors.joining(", "))
                + ")";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (Event event : events) {
                Object[] values = {
                    UUID.randomUUID(),
                    event.org(),
                    event.user(),
                    event.model(),
                    event.client(),
                    event.occurredAt().atOffset(ZoneOffset.UTC),
                    event.occurredAt().atOffset(ZoneOffset.UTC),
                    event.inputTokens(),
                    event.outputTokens(),
                    event.cacheReadInputTokens(),
                    event.cacheWriteInputTokens(),
                    event.cacheWrite1hInputTokens(),
                    event.latencyMs(),
                    event.timeToFirstTokenMs(),
                    event.status(),
                    event.errorCode(),
                    event.metadata(),
                    event.costCents(),
                    0L
                };
                for (int i = 0; i < values.length; i++) {
                    insert.setObject(i + 1, values[i]);
                }
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }
}

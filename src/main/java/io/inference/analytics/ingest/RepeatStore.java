package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Counts duplicates and conflicts by client and model, in the transaction of their batch. A batch without any costs nothing. With
 * some it is a statement for the duplicates, with a row per client and model, and one for the conflicts with the events of each UTC
 * day, which looks up the stored version of each by its key.
 *
 * <p>The locks of the batch's organisations are held, so no other transaction waits for the rows.
 */
final class RepeatStore {

    private static final String ADD_DUPLICATES =
            """
            insert into analytics.ingestion_repeats as repeats (org_id, client_id, model_id, bucket_start, duplicates,
                duplicate_input_tokens, duplicate_output_tokens)
            select org_id, client_id, model_id, date_trunc('hour', ?::timestamptz, 'UTC'), count(*), sum(input_tokens), sum(output_tokens)
            from unnest(?::uuid[], ?::text[], ?::uuid[], ?::bigint[], ?::bigint[])
                as duplicate (org_id, client_id, model_id, input_tokens, output_tokens)
            group by org_id, client_id, model_id
            on conflict (org_id, bucket_start, client_id, model_id) do update set
                duplicates = repeats.duplicates + excluded.duplicates,
                duplicate_input_tokens = repeats.duplicate_input_tokens + excluded.duplicate_input_tokens,
                duplicate_output_tokens = repeats.duplicate_output_tokens + excluded.duplicate_output_tokens
            """;

    // Of stored versions of one organisation and UTC day: the bounds exclude other days when the statement is planned,
    // and
    // flavour citus asks one worker. A version that retention has dropped meanwhile makes no difference of tokens, and
    // has
    // no cost.
    private static final String ADD_CONFLICTS =
            """
            with stored as materialized (
                select event_id, occurred_at, input_tokens, output_tokens, cost_estimate_cents
                from analytics.usage_events
                where org_id = ? and event_id = any (?::uuid[]) and occurred_at >= ? and occurred_at <= ?)
            insert into analytics.ingestion_repeats as repeats (org_id, client_id, model_id, bucket_start, conflicts,
                stored_input_tokens, stored_output_tokens, refused_input_tokens, refused_output_tokens,
                stored_cost_cents, refused_cost_cents, unpriced_conflicts)
            select org_id, client_id, model_id, date_trunc('hour', ?::timestamptz, 'UTC'), count(*), sum(stored_input), sum(stored_output),
                   sum(input_tokens), sum(output_tokens),
                   coalesce(sum(stored_cost) filter (where cost is not null), 0),
                   coalesce(sum(cost) filter (where stored_cost is not null), 0),
                   count(*) filter (where cost is null or stored_cost is null)
            from (
                select refused.org_id, refused.client_id, refused.model_id, refused.input_tokens, refused.output_tokens,
                       coalesce(stored.input_tokens, refused.input_tokens) as stored_input,
                       coalesce(stored.output_tokens, refused.output_tokens) as stored_output,
                       stored.cost_estimate_cents as stored_cost,
                       coalesce(refused.sent_cost, (
                           select analytics.event_cost(price, refused.input_tokens, refused.output_tokens, refused.cache_read,
                                                       refused.cache_write, refused.cache_write_1h)
                           -- As price_of() says, which flavour citus cannot run here.
                           from (select * from analytics.model_prices
                                 where model_id = refused.model_id and valid_from <= refused.occurred_at
                                   and (service_tier is null or service_tier = refused.tier)
                                   and (context_window is null or context_window = refused.context)
                                 order by service_tier is null, context_window is null, valid_from desc, version desc
                                 limit 1) as price)) as cost
                from unnest(?::uuid[], ?::text[], ?::uuid[], ?::bigint[], ?::bigint[], ?::uuid[], ?::timestamptz[], ?::timestamptz[],
                            ?::bigint[], ?::bigint[], ?::bigint[], ?::numeric[], ?::text[], ?::text[])
                    as refused (org_id, client_id, model_id, input_tokens, output_tokens, event_id, stored_at, occurred_at,
                                cache_read, cache_write, cache_write_1h, sent_cost, tier, context)
                left join stored on stored.event_id = refused.event_id and stored.occurred_at = refused.stored_at
            ) as compared
            group by org_id, client_id, model_id
            on conflict (org_id, bucket_start, client_id, model_id) do update set
                conflicts = repeats.conflicts + excluded.conflicts,
                stored_input_tokens = repeats.stored_input_tokens + excluded.stored_input_tokens,
                stored_output_tokens = repeats.stored_output_tokens + excluded.stored_output_tokens,
                refused_input_tokens = repeats.refused_input_tokens + excluded.refused_input_tokens,
                refused_output_tokens = repeats.refused_output_tokens + excluded.refused_output_tokens,
                stored_cost_cents = repeats.stored_cost_cents + excluded.stored_cost_cents,
                refused_cost_cents = repeats.refused_cost_cents + excluded.refused_cost_cents,
                unpriced_conflicts = repeats.unpriced_conflicts + excluded.unpriced_conflicts
            """;

    private RepeatStore() {}

    /**
     * Adds the repetitions of a batch, after its events are stored.
     *
     * @param receivedAt when the service read them
     */
    static void add(Connection connection, Instant receivedAt, PreparedBatch.Repeated repeated) throws SQLException {
        if (!repeated.duplicates().isEmpty()) {
            try (PreparedStatement statement = connection.prepareStatement(ADD_DUPLICATES)) {
                bind(connection, statement, 1, receivedAt, repeated.duplicates());
                statement.executeUpdate();
            }
        }
        for (Map.Entry<OfDay, List<PreparedBatch.Conflict>> ofDay :
                byStoredDay(repeated.conflicts()).entrySet()) {
            addConflicts(connection, receivedAt, ofDay.getKey().org(), ofDay.getValue());
        }
    }

    private record OfDay(UUID org, LocalDate day) {}

    /** Those of a producer that sends a month again are many for each of many days. */
    private static Map<OfDay, List<PreparedBatch.Conflict>> byStoredDay(List<PreparedBatch.Conflict> conflicts) {
        return conflicts.stream()
                .collect(Collectors.groupingBy(
                        conflict -> new OfDay(
                                conflict.stored().orgId(),
                                LocalDate.ofInstant(conflict.stored().occurredAt(), ZoneOffset.UTC)),
                        LinkedHashMap::new,
                        Collectors.toList()));
    }

    private static void addConflicts(
            Connection connection, Instant receivedAt, UUID org, List<PreparedBatch.Conflict> conflicts)
            throws SQLException {
        List<UsageEvent> refused =
                conflicts.stream().map(conflict -> conflict.refused().event()).toList();
        List<OffsetDateTime> storedAt = conflicts.stream()
                .map(conflict -> UsageEventStore.utc(conflict.stored().occurredAt()))
                .toList();
        try (PreparedStatement statement = connection.prepareStatement(ADD_CONFLICTS)) {
            // Planned again each time: the bounds decide which partitions are read.
            statement.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(0);
            int at = 1;
            statement.setObject(at++, org);
            statement.setArray(at++, array(connection, "uuid", refused, UsageEvent::eventId));
            statement.setObject(
                    at++, storedAt.stream().min(OffsetDateTime::compareTo).orElseThrow());
            statement.setObject(
                    at++, storedAt.stream().max(OffsetDateTime::compareTo).orElseThrow());
            at = bind(connection, statement, at, receivedAt, refused);
            statement.setArray(at++, array(connection, "uuid", refused, UsageEvent::eventId));
            statement.setArray(at++, array(connection, "timestamptz", storedAt, time -> time));
            statement.setArray(
                    at++, array(connection, "timestamptz", refused, event -> UsageEventStore.utc(event.occurredAt())));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheReadInputTokens));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheWriteInputTokens));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheWrite1hInputTokens));
            statement.setArray(at++, array(connection, "numeric", refused, UsageEvent::costEstimateCents));
            statement.setArray(at++, array(connection, "text", refused, UsageEvent::serviceTier));
            statement.setArray(at, array(connection, "text", refused, UsageEvent::contextWindow));
            statement.executeUpdate();
        }
    }

    /** Binds what both statements have in common, and returns the next place. */
    private static int bind(
            Connection connection, PreparedStatement statement, int first, Instant receivedAt, List<UsageEvent> events)
            throws SQLException {
        int at = first;
        statement.setObject(at++, UsageEventStore.utc(receivedAt));
        statement.setArray(at++, array(connection, "uuid", events, UsageEvent::orgId));
        statement.setArray(at++, array(connection, "text", events, UsageEvent::clientId));
        statement.setArray(at++, array(connection, "uuid", events, UsageEvent::modelId));
        statement.setArray(at++, array(connection, "bigint", events, UsageEvent::inputTokens));
        statement.setArray(at++, array(connection, "bigint", events, UsageEvent::outputTokens));
        return at;
    }

    private static <T> java.sql.Array array(
            Connection connection, String type, List<T> values, Function<T, Object> column) throws SQLException {
        return connection.createArrayOf(type, values.stream().map(column).toArray());
    }
}

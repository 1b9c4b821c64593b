package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;

/**
 * Counts duplicates and conflicts by client and model, in the transaction of their batch. A batch without any costs nothing. With
 * some it is a statement for the duplicates and one for the conflicts, however many organisations and days they are of; both add a
 * row per client and model.
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

    private static final String ADD_CONFLICTS =
            """
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
                       refused.stored_input, refused.stored_output, refused.stored_cost,
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
                from unnest(?::uuid[], ?::text[], ?::uuid[], ?::bigint[], ?::bigint[], ?::timestamptz[],
                            ?::bigint[], ?::bigint[], ?::bigint[], ?::numeric[], ?::text[], ?::text[],
                            ?::bigint[], ?::bigint[], ?::numeric[])
                    as refused (org_id, client_id, model_id, input_tokens, output_tokens, occurred_at,
                                cache_read, cache_write, cache_write_1h, sent_cost, tier, context,
                                stored_input, stored_output, stored_cost)
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
                bind(connection, statement, receivedAt, repeated.duplicates());
                statement.executeUpdate();
            }
        }
        if (!repeated.conflicts().isEmpty()) {
            addConflicts(connection, receivedAt, repeated.conflicts());
        }
    }

    private static void addConflicts(Connection connection, Instant receivedAt, List<PreparedBatch.Conflict> conflicts)
            throws SQLException {
        List<UsageEvent> refused =
                conflicts.stream().map(conflict -> conflict.refused().event()).toList();
        List<UsageEventStore.Stored> stored =
                conflicts.stream().map(PreparedBatch.Conflict::stored).toList();
        try (PreparedStatement statement = connection.prepareStatement(ADD_CONFLICTS)) {
            int at = bind(connection, statement, receivedAt, refused);
            statement.setArray(
                    at++, array(connection, "timestamptz", refused, event -> UsageEventStore.utc(event.occurredAt())));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheReadInputTokens));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheWriteInputTokens));
            statement.setArray(at++, array(connection, "bigint", refused, UsageEvent::cacheWrite1hInputTokens));
            statement.setArray(at++, array(connection, "numeric", refused, UsageEvent::costEstimateCents));
            statement.setArray(at++, array(connection, "text", refused, UsageEvent::serviceTier));
            statement.setArray(at++, array(connection, "text", refused, UsageEvent::contextWindow));
            statement.setArray(at++, array(connection, "bigint", stored, version -> version.event()
                    .inputTokens()));
            statement.setArray(at++, array(connection, "bigint", stored, version -> version.event()
                    .outputTokens()));
            statement.setArray(at, array(connection, "numeric", stored, UsageEventStore.Stored::costCents));
            statement.executeUpdate();
        }
    }

    /** Binds what both statements have in common, and returns the next place. */
    private static int bind(
            Connection connection, PreparedStatement statement, Instant receivedAt, List<UsageEvent> events)
            throws SQLException {
        int at = 1;
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

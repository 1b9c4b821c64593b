package io.inference.analytics.reliability;

import io.inference.analytics.database.LongReads;
import io.inference.analytics.platform.Csv;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.reliability.IncidentQuery.Position;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.usage.UserPrivacy;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Raw events as CSV, written by PostgreSQL itself (COPY) and passed on row by row. Memory does not
 * depend on their number, and no other way is faster. COPY takes no parameters, so the statement
 * holds values as literals that the driver has quoted.
 */
@ApplicationScoped
class IncidentExportStore {

    static final String HEADER = "event_id,org_id,occurred_at,received_at,model_id,actor_id,client_id,input_tokens,"
            + "output_tokens,latency_ms,status,error_code,cost_estimate_cents,metadata\r\n";

    /** Replaces a masked value. */
    private static final String MASK = "***";

    private static final String EVENTS =
            """
            select event_id, org_id, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), model_id, %s, %s,
                   input_tokens, output_tokens, latency_ms, status, %s, trim_scale(cost_estimate_cents), %s
            from analytics.usage_events
            where %s
            order by occurred_at, event_id
            """;

    private static final String COUNT =
            "select count(*) from (select 1 from analytics.usage_events where %s limit %d) as counted";

    private static final String LAST =
            """
            select occurred_at, event_id
            from analytics.usage_events
            where %s
            order by occurred_at, event_id
            offset %d limit 1
            """;

    private final LongReads database;
    private final UserPrivacy privacy;
    private final ReliabilityConfig.Export config;

    IncidentExportStore(LongReads database, UserPrivacy privacy, ReliabilityConfig config) {
        this.database = database;
        this.privacy = privacy;
        this.config = config.export();
    }

    /**
     * Starts an export, up to its first row: a query that fails does so here.
     *
     * @throws Failure.Unavailable when PostgreSQL cannot be reached or takes too long
     */
    IncidentCsv open(UUID org, IncidentQuery query) {
        Connection connection = database.snapshot(config.durationMax());
        try {
            List<String> conditions = conditions(connection, org, query);
            // Whether more rows follow is known before the first byte. Finding the last row costs a
            // sort, so only then.
            Optional<Position> last = Optional.empty();
            if (count(connection, conditions, query.limit() + 1L) > query.limit()) {
                last = Optional.of(last(connection, conditions, query.limit()));
                conditions.add("(occurred_at, event_id) <= " + literal(last.get()));
            }
            CopyOut copy = connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut("copy (" + events(connection, org, conditions) + ") to stdout (format csv)");
            return new IncidentCsv(connection, copy, last, config.stallTimeout());
        } catch (SQLException e) {
            throw closing(connection, LongReads.failure(e));
        } catch (RuntimeException e) {
            throw closing(connection, e);
        }
    }

    private static RuntimeException closing(Connection connection, RuntimeException failure) {
        try {
            connection.close();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private static long count(Connection connection, List<String> conditions, long max) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(COUNT.formatted(String.join(" and ", conditions), max))) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static Position last(Connection connection, List<String> conditions, int limit) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(LAST.formatted(String.join(" and ", conditions), limit - 1))) {
            rows.next();
            return new Position(rows.getObject(1, OffsetDateTime.class).toInstant(), rows.getObject(2, UUID.class));
        }
    }

    private String events(Connection connection, UUID org, List<String> conditions) throws SQLException {
        return EVENTS.formatted(
                privacy.listedId(Jdbi.open(connection), org, "actor_id"),
                Csv.harmlessSql("client_id"),
                Csv.harmlessSql("error_code"),
                metadata(connection),
                String.join(" and ", conditions));
    }

    /**
     * Metadata as text, with the values of some keys masked, whatever the case of the key.
     *
     * <p>Taking every object apart is ten times as slow as first looking whether it holds such a
     * key. Asking for a key by its exact name is again ten times as fast as searching the text, and
     * it is enough where the text has no capitals.
     */
    private String metadata(Connection connection) throws SQLException {
        List<String> keys = config.maskedMetadataKeys().stream()
                .map(key -> key.strip().toLowerCase(Locale.ROOT))
                .filter(key -> !key.isEmpty())
                .toList();
        if (keys.isEmpty()) {
            return "metadata::text";
        }
        String anyKey = keys.stream()
                .map(key -> key.replaceAll("[^\\p{L}\\p{N}_]", "."))
                .collect(Collectors.joining("|", "\"(", ")\":"));
        String listed = literals(connection, keys);
        // Only in ASCII are the capitals known without the server's locale.
        String mayHoldCapitals = keys.stream().allMatch(IncidentExportStore::isAscii)
                ? "lower(metadata::text collate \"C\") <> metadata::text"
                : "true";
        return "case when metadata ?| array[" + listed + "] or (" + mayHoldCapitals + " and metadata::text ~* "
                + literal(connection, anyKey) + ") then (select jsonb_object_agg(key, case when lower(key) in ("
                + listed
                + ") then to_jsonb('" + MASK + "'::text) else value end)::text from jsonb_each(metadata))"
                + " else metadata::text end";
    }

    private static boolean isAscii(String key) {
        return key.chars().allMatch(c -> c < 128);
    }

    private static List<String> conditions(Connection connection, UUID org, IncidentQuery query) throws SQLException {
        TimeRange range = query.range();
        List<String> conditions = new ArrayList<>(List.of(
                "org_id = '" + org + "'::uuid",
                "occurred_at >= '" + range.start() + "'::timestamptz",
                "occurred_at < '" + range.end() + "'::timestamptz"));
        if (!query.models().isEmpty()) {
            conditions.add("model_id in ("
                    + query.models().stream()
                            .map(model -> "'" + model + "'::uuid")
                            .collect(Collectors.joining(", "))
                    + ")");
        }
        if (!query.clients().isEmpty()) {
            conditions.add("client_id in (" + literals(connection, query.clients()) + ")");
        }
        if (!query.statuses().isEmpty()) {
            conditions.add("status in (" + literals(connection, query.statuses()) + ")");
        }
        query.after().ifPresent(after -> conditions.add("(occurred_at, event_id) > " + literal(after)));
        return conditions;
    }

    private static String literal(Position position) {
        return "('" + position.occurredAt() + "'::timestamptz, '" + position.eventId() + "'::uuid)";
    }

    private static String literals(Connection connection, Collection<String> texts) throws SQLException {
        List<String> literals = new ArrayList<>();
        for (String text : texts) {
            literals.add(literal(connection, text));
        }
        return String.join(", ", literals);
    }

    private static String literal(Connection connection, String text) throws SQLException {
        return "'" + connection.unwrap(PGConnection.class).escapeLiteral(text) + "'";
    }

    static byte[] header() {
        return HEADER.getBytes(StandardCharsets.US_ASCII);
    }
}

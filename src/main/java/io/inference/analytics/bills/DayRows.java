package io.inference.analytics.bills;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.platform.Sha256;
import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import io.inference.analytics.provider.ProviderHttp;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Writes the content of a day: its archived pages, corrections, rows and estimates. All in the
 * caller's transaction.
 */
final class DayRows {

    /**
     * U+0000 in JSON text, which the database does not accept. An even number of backslashes before
     * it is escaped text, and not part of it.
     */
    private static final Pattern NUL = Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000");

    private static final String CORRECTION =
            """
            insert into analytics.provider_correction (provider, dataset, org_ref, usage_date, revision_from, revision_to, dimensions,
                old_amount, new_amount, delta, corrected_at)
            values (:provider, :dataset, :org, :day, :revision - 1, :revision, :dimensions::jsonb, :old, :new, :delta, :at)
            """;

    private static final String PAGE =
            """
            insert into analytics.provider_raw_page (run_id, provider, dataset, usage_date, page_no, fetched_at, body, body_hash)
            values (:run, :provider, :dataset, :day, :number, :at, :body::jsonb, :hash)
            on conflict do nothing
            """;

    private static final String STORED =
            """
            select line_key, %s as amount from %s where activity_date = :day and organization_id = :org
            """;

    private static final String STORED_DIMENSIONS =
            """
            select line_key, to_jsonb(t)::text as dimensions from %s t
            where activity_date = :day and organization_id = :org and line_key = any (:lines)
            """;

    /** Rows of one round trip; a batch of all rows of a large day would be in memory a second time. */
    private static final int BATCH_ROWS = 1_000;

    private static final String DELETE = "delete from %s where activity_date = :day and organization_id = :org";

    /** The columns that every base table begins with. */
    private static final List<String> COLUMNS =
            List.of("activity_date", "organization_id", "line_key", "ingestion_timestamp", "import_revision", "run_id");

    private static final String ESTIMATES = "nonfinancial.claude_code_estimate";

    private static final String ESTIMATE =
            """
            insert into nonfinancial.claude_code_estimate (activity_date, organization_id, line_key, model, input_tokens, output_tokens,
                cache_read_tokens, cache_creation_tokens, estimated_cost_usd)
            values (:day, :org, :line, :model, :input, :output, :cacheRead, :cacheCreation, :usd)
            on conflict (activity_date, organization_id, line_key, model) do update set
                input_tokens = claude_code_estimate.input_tokens + excluded.input_tokens,
                output_tokens = claude_code_estimate.output_tokens + excluded.output_tokens,
                cache_read_tokens = claude_code_estimate.cache_read_tokens + excluded.cache_read_tokens,
                cache_creation_tokens = claude_code_estimate.cache_creation_tokens + excluded.cache_creation_tokens,
                estimated_cost_usd = claude_code_estimate.estimated_cost_usd + excluded.estimated_cost_usd
            """;

    private DayRows() {}

    /** Keeps the answers as they came. */
    static void archive(Handle handle, DayKey key, DayAnswer answer, DayImport.Import by) {
        try (PreparedBatch insert = handle.prepareBatch(PAGE)) {
            int number = 0;
            for (String page : answer.pages()) {
                insert.bind("run", by.runId())
                        .bind("provider", key.dataset().provider())
                        .bind("dataset", key.dataset())
                        .bind("day", key.day())
                        .bind("number", ++number)
                        .bind("at", by.fetchedAt())
                        .bind("body", NUL.matcher(page).replaceAll("$1"))
                        .bind("hash", Sha256.of(page))
                        .add();
            }
            execute(insert);
        }
    }

    /** Deletes pages that were fetched before. */
    static void purge(Handle handle, Instant before) {
        handle.createUpdate("delete from analytics.provider_raw_page where fetched_at < :before")
                .bind("before", before)
                .execute();
    }

    /** Records each billed amount that changes; must run before the rows are replaced. */
    static void correct(Handle handle, DayKey key, DayAnswer answer, DayImport.Import by, int revision) {
        Dataset dataset = key.dataset();
        if (dataset.amount().isEmpty()) {
            return;
        }
        Map<String, BigDecimal> before = stored(handle, key);
        Map<String, DayRow> after = new HashMap<>();
        answer.rows().forEach(row -> after.put(row.lineKey(), row));
        SortedSet<String> lines = new TreeSet<>(before.keySet());
        lines.addAll(after.keySet());
        List<Change> changes = new ArrayList<>();
        for (String line : lines) {
            BigDecimal now = after.containsKey(line) ? DayChecks.amount(dataset, after.get(line)) : null;
            Change change = new Change(line, before.get(line), now);
            if (change.delta().signum() != 0) {
                changes.add(change);
            }
        }
        for (int first = 0; first < changes.size(); first += BATCH_ROWS) {
            record(
                    handle,
                    key,
                    changes.subList(first, Math.min(first + BATCH_ROWS, changes.size())),
                    after,
                    new Revised(by, revision));
        }
    }

    /** A line whose amount is another than before; null where the line was or is missing. */
    private record Change(String line, BigDecimal before, BigDecimal after) {

        BigDecimal delta() {
            return (after == null ? BigDecimal.ZERO : after).subtract(before == null ? BigDecimal.ZERO : before);
        }
    }

    private record Revised(DayImport.Import by, int revision) {}

    private static void record(
            Handle handle, DayKey key, List<Change> changes, Map<String, DayRow> rows, Revised revised) {
        Map<String, String> vanished = storedDimensions(
                handle,
                key,
                changes.stream()
                        .filter(change -> change.after() == null)
                        .map(Change::line)
                        .toList());
        try (PreparedBatch insert = handle.prepareBatch(CORRECTION)) {
            for (Change change : changes) {
                DayRow row = rows.get(change.line());
                key.bind(insert)
                        .bind("revision", revised.revision())
                        .bind("dimensions", row == null ? vanished.get(change.line()) : dimensions(key.dataset(), row))
                        .bind("old", change.before())
                        .bind("new", change.after())
                        .bind("delta", change.delta())
                        .bind("at", revised.by().fetchedAt())
                        .add();
            }
            execute(insert);
        }
    }

    private static Map<String, BigDecimal> stored(Handle handle, DayKey key) {
        return handle.createQuery(STORED.formatted(key.dataset().amount().orElseThrow(), BaseTables.of(key.dataset())))
                .bind("day", key.day())
                .bind("org", key.orgRef())
                .collectRows(Collectors.toMap(
                        row -> row.getColumn("line_key", String.class),
                        row -> row.getColumn("amount", BigDecimal.class)));
    }

    /** Of lines that the answer no longer has, by line. */
    private static Map<String, String> storedDimensions(Handle handle, DayKey key, List<String> lines) {
        if (lines.isEmpty()) {
            return Map.of();
        }
        return handle.createQuery(STORED_DIMENSIONS.formatted(BaseTables.of(key.dataset())))
                .bind("day", key.day())
                .bind("org", key.orgRef())
                .bindArray("lines", String.class, lines)
                .collectRows(Collectors.toMap(
                        row -> row.getColumn("line_key", String.class),
                        row -> row.getColumn("dimensions", String.class)));
    }

    private static String dimensions(Dataset dataset, DayRow row) {
        ObjectNode named = ProviderHttp.JSON.createObjectNode();
        for (int i = 0; i < dataset.dimensions().size(); i++) {
            Object value = row.dimensions().get(i);
            named.put(dataset.dimensions().get(i), value == null ? null : value.toString());
        }
        return named.toString();
    }

    /** Replaces the day's rows, and its estimates where the data set has them. */
    static void replace(Handle handle, DayKey key, DayAnswer answer, DayImport.Import by, int revision) {
        Dataset dataset = key.dataset();
        String table = BaseTables.of(dataset);
        delete(handle, table, key);
        List<String> columns = new ArrayList<>(COLUMNS);
        columns.addAll(dataset.dimensions());
        columns.addAll(dataset.measures());
        String insert = "insert into %s (%s) values (:%s)"
                .formatted(table, String.join(", ", columns), String.join(", :", columns));
        for (int first = 0; first < answer.rows().size(); first += BATCH_ROWS) {
            int end = Math.min(first + BATCH_ROWS, answer.rows().size());
            try (PreparedBatch batch = handle.prepareBatch(insert)) {
                for (DayRow row : answer.rows().subList(first, end)) {
                    batch.bind("activity_date", key.day())
                            .bind("organization_id", key.orgRef())
                            .bind("line_key", row.lineKey())
                            .bind("ingestion_timestamp", by.fetchedAt())
                            .bind("import_revision", revision)
                            .bind("run_id", by.runId());
                    bind(batch, dataset.dimensions(), row.dimensions());
                    bind(batch, dataset.measures(), row.measures());
                    batch.add();
                }
                batch.execute();
            }
        }
        if (dataset.hasEstimates()) {
            replaceEstimates(handle, key, answer);
        }
    }

    private static void bind(PreparedBatch batch, List<String> columns, List<Object> values) {
        for (int i = 0; i < columns.size(); i++) {
            batch.bind(columns.get(i), values.get(i));
        }
    }

    private static void replaceEstimates(Handle handle, DayKey key, DayAnswer answer) {
        delete(handle, ESTIMATES, key);
        try (PreparedBatch insert = handle.prepareBatch(ESTIMATE)) {
            for (DayRow row : answer.rows()) {
                for (DayRow.Estimate estimate : row.estimates()) {
                    insert.bind("day", key.day())
                            .bind("org", key.orgRef())
                            .bind("line", row.lineKey())
                            .bind("model", estimate.model())
                            .bind("input", estimate.input())
                            .bind("output", estimate.output())
                            .bind("cacheRead", estimate.cacheRead())
                            .bind("cacheCreation", estimate.cacheCreation())
                            .bind("usd", estimate.usd())
                            .add();
                }
            }
            execute(insert);
        }
    }

    private static void delete(Handle handle, String table, DayKey key) {
        handle.createUpdate(DELETE.formatted(table))
                .bind("day", key.day())
                .bind("org", key.orgRef())
                .execute();
    }

    /** A batch without a row cannot be executed. */
    private static void execute(PreparedBatch batch) {
        if (batch.size() > 0) {
            batch.execute();
        }
    }
}

package io.inference.analytics.providers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.enterprise.context.ApplicationScoped;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Stores a day of a data set with its ledger.
 *
 * <p>In one transaction: the ledger row is read; equal content only moves {@code last_checked_at}; other content replaces all rows
 * of the day, raises the revision, books a correction for each billed amount that changed, archives the pages and derives the day
 * anew. A crash leaves the day as it was. An empty answer for a day that had rows changes nothing but the ledger.
 */
@ApplicationScoped
class ImportStore {

    /** Who writes, and when. */
    record Import(UUID runId, RunKind kind, String orgRef, Instant fetchedAt) {}

    private record Ledger(ImportStatus status, int revision, int rows, byte[] hash, int suspectCount) {}

    private static final String LOCK_TIMEOUT = "set lock_timeout = '120s'; set statement_timeout = '300s'";
    private static final String LIMITS_DEFAULT = "reset lock_timeout; reset statement_timeout";
    private static final String LOCK =
            "select pg_advisory_lock(hashtextextended('analytics.providers|' || ? || '|' || ? || '|' || ? || '|' || ?, 0))";
    private static final String UNLOCK =
            "select pg_advisory_unlock(hashtextextended('analytics.providers|' || ? || '|' || ? || '|' || ? || '|' || ?, 0))";

    private static final String FIND =
            """
            select status, revision, row_count, content_hash, suspect_count from analytics.provider_import_day
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String ENSURE =
            """
            insert into analytics.provider_import_day (provider, dataset, org_ref, usage_date, status, run_id)
            values (?, ?, ?, ?, 'running', ?)
            on conflict (provider, dataset, org_ref, usage_date) do nothing
            """;

    private static final String UNCHANGED =
            """
            update analytics.provider_import_day
            set status = ?, last_checked_at = ?, last_tried_at = ?, attempts = attempts + 1, suspect_count = 0, next_attempt_at = null,
                last_error_code = null, last_error_text = null
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String STORED =
            """
            update analytics.provider_import_day
            set status = ?, revision = ?, row_count = ?, amount_total = ?, content_hash = ?, attempts = attempts + 1, suspect_count = 0,
                next_attempt_at = null, first_imported_at = coalesce(first_imported_at, ?), last_imported_at = ?, last_checked_at = ?,
                last_tried_at = ?, last_error_code = null, last_error_text = null, run_id = ?
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            """;

    private static final String FAILED =
            """
            update analytics.provider_import_day
            set status = ?, attempts = attempts + 1, suspect_count = suspect_count + ?, next_attempt_at = ?, last_error_code = ?,
                last_error_text = ?, last_tried_at = ?
            where provider = ? and dataset = ? and org_ref = ? and usage_date = ?
            returning revision, row_count
            """;

    private static final String REVISION =
            """
            insert into analytics.provider_day_revision (provider, dataset, org_ref, usage_date, revision, row_count, amount_total,
                content_hash, imported_at, run_id, reason)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String CORRECTION =
            """
            insert into analytics.provider_correction (provider, dataset, org_ref, usage_date, revision_from, revision_to, dimensions,
                old_amount, new_amount, delta, corrected_at)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)
            """;

    private static final String PAGE =
            """
            insert into analytics.provider_raw_page (run_id, provider, dataset, usage_date, page_no, fetched_at, body, body_hash)
            values (?, ?, ?, ?, ?, ?, ?::jsonb, ?)
            on conflict do nothing
            """;

    private static final String ESTIMATE =
            """
            insert into nonfinancial.claude_code_estimate (activity_date, organization_id, line_key, model, input_tokens, output_tokens,
                cache_read_tokens, cache_creation_tokens, estimated_cost_usd)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (activity_date, organization_id, line_key, model) do update set
                input_tokens = claude_code_estimate.input_tokens + excluded.input_tokens,
                output_tokens = claude_code_estimate.output_tokens + excluded.output_tokens,
                cache_read_tokens = claude_code_estimate.cache_read_tokens + excluded.cache_read_tokens,
                cache_creation_tokens = claude_code_estimate.cache_creation_tokens + excluded.cache_creation_tokens,
                estimated_cost_usd = claude_code_estimate.estimated_cost_usd + excluded.estimated_cost_usd
            """;

    private static final String FORGET_ESTIMATES =
            "delete from nonfinancial.claude_code_estimate where activity_date = ? and organization_id = ?";

    private static final String BEGIN_RUN =
            """
            insert into analytics.provider_import_run (run_id, provider, kind, from_date, to_date, started_at, status, requested_by)
            values (?, ?, ?, ?, ?, ?, 'running', ?)
            """;

    private static final String END_RUN =
            "update analytics.provider_import_run set finished_at = ?, status = ?, counters = ?::jsonb where run_id = ?";

    private final DayChecks.Limits limits;
    private final Clock clock;

    @jakarta.inject.Inject
    ImportStore(ProvidersConfig config, Clock clock) {
        this(new DayChecks.Limits(config.rowWarnUsd(), config.rowMaxUsd(), config.dayMaxUsd()), clock);
    }

    ImportStore(DayChecks.Limits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
    }

    void beginRun(
            Connection connection, UUID runId, Provider provider, RunKind kind, SortedSet<LocalDate> dates, String by)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(BEGIN_RUN)) {
            insert.setObject(1, runId);
            insert.setString(2, provider.wireName());
            insert.setString(3, kind.wireName());
            insert.setObject(4, dates.first());
            insert.setObject(5, dates.last());
            insert.setObject(6, utc(clock.instant()));
            insert.setString(7, by);
            insert.executeUpdate();
        }
    }

    void endRun(Connection connection, UUID runId, String status, Map<ImportStatus, Integer> counts)
            throws SQLException {
        ObjectNode counters = ProviderHttp.JSON.createObjectNode();
        counts.forEach((counted, days) -> counters.put(counted.wireName(), days));
        try (PreparedStatement update = connection.prepareStatement(END_RUN)) {
            update.setObject(1, utc(clock.instant()));
            update.setString(2, status);
            update.setString(3, counters.toString());
            update.setObject(4, runId);
            update.executeUpdate();
        }
    }

    /**
     * Waits until no other process imports any of these days, and keeps it so for the session: a process that dies lets go. Always
     * in the order of the days, so that two can not wait for each other.
     */
    void lock(Connection connection, Dataset dataset, String orgRef, SortedSet<LocalDate> days) throws SQLException {
        execute(connection, LOCK_TIMEOUT);
        for (LocalDate day : days) {
            advisory(connection, LOCK, dataset, orgRef, day);
        }
    }

    void unlock(Connection connection, Dataset dataset, String orgRef, Collection<LocalDate> days) throws SQLException {
        for (LocalDate day : days) {
            advisory(connection, UNLOCK, dataset, orgRef, day);
        }
        execute(connection, LIMITS_DEFAULT);
    }

    private static void advisory(Connection connection, String sql, Dataset dataset, String orgRef, LocalDate day)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, dataset.provider().wireName());
            statement.setString(2, dataset.wireName());
            statement.setString(3, orgRef);
            statement.setString(4, day.toString());
            statement.execute();
        }
    }

    /**
     * Stores the day, or notes in the ledger why not; all or nothing.
     *
     * @param released a person says that an empty or very large day is right
     */
    DayOutcome store(
            Connection connection, Dataset dataset, LocalDate day, DayAnswer answer, Import by, boolean released)
            throws SQLException {
        connection.setAutoCommit(false);
        try {
            DayOutcome outcome = attempt(connection, dataset, day, answer, by, released);
            connection.commit();
            return outcome;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private DayOutcome attempt(
            Connection connection, Dataset dataset, LocalDate day, DayAnswer answer, Import by, boolean released)
            throws SQLException {
        ensure(connection, dataset, day, by);
        Ledger ledger = find(connection, dataset, day, by).orElseThrow();
        Optional<DayChecks.Fault> fault = DayChecks.fault(dataset, answer, limits, released);
        if (fault.isPresent()) {
            archive(connection, dataset, day, answer, by);
            return failed(
                    connection,
                    dataset,
                    day,
                    by,
                    ImportStatus.QUARANTINED,
                    fault.get().code(),
                    fault.get().text(),
                    null);
        }
        boolean empty = answer.rows().isEmpty();
        if (empty && ledger.rows() > 0 && !released) {
            archive(connection, dataset, day, answer, by);
            return failed(
                    connection,
                    dataset,
                    day,
                    by,
                    ImportStatus.SUSPECT_EMPTY,
                    "suspect_empty",
                    "no rows (expected: about %d, as before)".formatted(ledger.rows()),
                    clock.instant().plus(6, ChronoUnit.HOURS));
        }
        byte[] hash = answer.contentHash();
        ImportStatus status = empty ? ImportStatus.OK_EMPTY : ImportStatus.OK;
        Optional<BigDecimal> total = DayChecks.total(dataset, answer);
        if (ledger.revision() > 0 && java.util.Arrays.equals(hash, ledger.hash())) {
            unchanged(connection, dataset, day, by, status);
            return new DayOutcome(
                    dataset.wireName(), day, status, ledger.revision(), ledger.rows(), total, Optional.empty());
        }
        int revision = ledger.revision() + 1;
        if (ledger.revision() > 0) {
            correct(connection, dataset, day, answer, by, revision);
        }
        archive(connection, dataset, day, answer, by);
        replace(connection, dataset, day, answer, by, revision);
        ledger(connection, dataset, day, answer, by, status, revision, hash, total.orElse(null));
        derive(connection, dataset, by.orgRef(), day);
        return new DayOutcome(
                dataset.wireName(), day, status, revision, answer.rows().size(), total, Optional.empty());
    }

    private void ensure(Connection connection, Dataset dataset, LocalDate day, Import by) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(ENSURE)) {
            key(insert, 1, dataset, by.orgRef(), day);
            insert.setObject(5, by.runId());
            insert.executeUpdate();
        }
    }

    private static Optional<Ledger> find(Connection connection, Dataset dataset, LocalDate day, Import by)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            key(select, 1, dataset, by.orgRef(), day);
            try (ResultSet row = select.executeQuery()) {
                return row.next()
                        ? Optional.of(new Ledger(
                                ImportStatus.of(row.getString(1)),
                                row.getInt(2),
                                row.getInt(3),
                                row.getBytes(4),
                                row.getInt(5)))
                        : Optional.empty();
            }
        }
    }

    private static void key(PreparedStatement statement, int first, Dataset dataset, String orgRef, LocalDate day)
            throws SQLException {
        statement.setString(first, dataset.provider().wireName());
        statement.setString(first + 1, dataset.wireName());
        statement.setString(first + 2, orgRef);
        statement.setObject(first + 3, day);
    }

    private void unchanged(Connection connection, Dataset dataset, LocalDate day, Import by, ImportStatus status)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(UNCHANGED)) {
            update.setString(1, status.wireName());
            update.setObject(2, utc(by.fetchedAt()));
            update.setObject(3, utc(by.fetchedAt()));
            key(update, 4, dataset, by.orgRef(), day);
            update.executeUpdate();
        }
    }

    /** Notes a failed try in a transaction of its own. */
    DayOutcome failed(Connection connection, Dataset dataset, LocalDate day, Import by, ProviderTrouble trouble)
            throws SQLException {
        Instant next =
                trouble.retryable() ? clock.instant().plus(trouble.retryAfter().orElse(Duration.ofMinutes(30))) : null;
        connection.setAutoCommit(false);
        try {
            ensure(connection, dataset, day, by);
            DayOutcome outcome = failed(
                    connection,
                    dataset,
                    day,
                    by,
                    trouble.retryable() ? ImportStatus.FAILED_RETRYABLE : ImportStatus.FAILED_PERMANENT,
                    trouble.code(),
                    trouble.getMessage(),
                    next);
            connection.commit();
            return outcome;
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private DayOutcome failed(
            Connection connection,
            Dataset dataset,
            LocalDate day,
            Import by,
            ImportStatus status,
            String code,
            String text,
            Instant next)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(FAILED)) {
            update.setString(1, status.wireName());
            update.setInt(2, status == ImportStatus.SUSPECT_EMPTY ? 1 : 0);
            update.setObject(3, next == null ? null : utc(next));
            update.setString(4, code);
            update.setString(5, Redaction.of(text));
            update.setObject(6, utc(by.fetchedAt()));
            key(update, 7, dataset, by.orgRef(), day);
            try (ResultSet row = update.executeQuery()) {
                row.next();
                return new DayOutcome(
                        dataset.wireName(),
                        day,
                        status,
                        row.getInt(1),
                        row.getInt(2),
                        Optional.empty(),
                        Optional.of(code + ": " + Redaction.of(text)));
            }
        }
    }

    private void archive(Connection connection, Dataset dataset, LocalDate day, DayAnswer answer, Import by)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(PAGE)) {
            int number = 0;
            for (String page : answer.pages()) {
                insert.setObject(1, by.runId());
                insert.setString(2, dataset.provider().wireName());
                insert.setString(3, dataset.wireName());
                insert.setObject(4, day);
                insert.setInt(5, ++number);
                insert.setObject(6, utc(by.fetchedAt()));
                insert.setString(7, page);
                insert.setBytes(8, DayRow.sha256(page));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    /** Books each billed amount that changes; must run before the rows are replaced. */
    private void correct(
            Connection connection, Dataset dataset, LocalDate day, DayAnswer answer, Import by, int revision)
            throws SQLException {
        if (dataset.amount().isEmpty()) {
            return;
        }
        Map<String, BigDecimal> before = new TreeMap<>();
        Map<String, String> names = new LinkedHashMap<>();
        String sql = "select line_key, %s, to_jsonb(t) from %s t where activity_date = ? and organization_id = ?"
                .formatted(dataset.amount().get(), dataset.table());
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setObject(1, day);
            select.setString(2, by.orgRef());
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    before.put(rows.getString(1), rows.getBigDecimal(2));
                    names.put(rows.getString(1), rows.getString(3));
                }
            }
        }
        Map<String, BigDecimal> after = new TreeMap<>();
        for (DayRow row : answer.rows()) {
            after.put(row.lineKey(), DayChecks.amount(dataset, row));
            names.put(row.lineKey(), dimensions(dataset, row));
        }
        SortedSet<String> lines = new TreeSet<>(before.keySet());
        lines.addAll(after.keySet());
        try (PreparedStatement insert = connection.prepareStatement(CORRECTION)) {
            for (String line : lines) {
                BigDecimal old = before.get(line);
                BigDecimal now = after.get(line);
                BigDecimal delta = (now == null ? BigDecimal.ZERO : now).subtract(old == null ? BigDecimal.ZERO : old);
                if (delta.signum() != 0) {
                    key(insert, 1, dataset, by.orgRef(), day);
                    insert.setInt(5, revision - 1);
                    insert.setInt(6, revision);
                    insert.setString(7, names.get(line));
                    insert.setBigDecimal(8, old);
                    insert.setBigDecimal(9, now);
                    insert.setBigDecimal(10, delta);
                    insert.setObject(11, utc(by.fetchedAt()));
                    insert.addBatch();
                }
            }
            insert.executeBatch();
        }
    }

    private static String dimensions(Dataset dataset, DayRow row) {
        ObjectNode named = ProviderHttp.JSON.createObjectNode();
        for (int i = 0; i < dataset.dimensions().size(); i++) {
            Object value = row.dimensions().get(i);
            named.put(dataset.dimensions().get(i), value == null ? null : value.toString());
        }
        return named.toString();
    }

    private void replace(
            Connection connection, Dataset dataset, LocalDate day, DayAnswer answer, Import by, int revision)
            throws SQLException {
        String delete = "delete from " + dataset.table() + " where activity_date = ? and organization_id = ?";
        try (PreparedStatement statement = connection.prepareStatement(delete)) {
            statement.setObject(1, day);
            statement.setString(2, by.orgRef());
            statement.executeUpdate();
        }
        int columns = dataset.dimensions().size() + dataset.measures().size();
        String insert =
                "insert into %s (activity_date, organization_id, line_key, ingestion_timestamp, import_revision, run_id, %s) values (?, ?, ?, ?, ?, ?%s)"
                        .formatted(
                                dataset.table(),
                                String.join(
                                        ", ",
                                        java.util.stream.Stream.concat(
                                                        dataset.dimensions().stream(), dataset.measures().stream())
                                                .toList()),
                                ", ?".repeat(columns));
        try (PreparedStatement statement = connection.prepareStatement(insert)) {
            for (DayRow row : answer.rows()) {
                int column = 1;
                statement.setObject(column++, day);
                statement.setString(column++, by.orgRef());
                statement.setString(column++, row.lineKey());
                statement.setObject(column++, utc(by.fetchedAt()));
                statement.setInt(column++, revision);
                statement.setObject(column++, by.runId());
                for (Object value : row.dimensions()) {
                    statement.setObject(column++, value);
                }
                for (Object value : row.measures()) {
                    statement.setObject(column++, value);
                }
                statement.addBatch();
            }
            statement.executeBatch();
        }
        if (dataset == Dataset.CLAUDE_CODE) {
            estimates(connection, day, answer, by);
        }
    }

    private static void estimates(Connection connection, LocalDate day, DayAnswer answer, Import by)
            throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(FORGET_ESTIMATES)) {
            delete.setObject(1, day);
            delete.setString(2, by.orgRef());
            delete.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(ESTIMATE)) {
            for (DayRow row : answer.rows()) {
                for (DayRow.Estimate estimate : row.estimates()) {
                    insert.setObject(1, day);
                    insert.setString(2, by.orgRef());
                    insert.setString(3, row.lineKey());
                    insert.setString(4, estimate.model());
                    insert.setLong(5, estimate.input());
                    insert.setLong(6, estimate.output());
                    insert.setLong(7, estimate.cacheRead());
                    insert.setLong(8, estimate.cacheCreation());
                    insert.setBigDecimal(9, estimate.usd());
                    insert.addBatch();
                }
            }
            insert.executeBatch();
        }
    }

    private void ledger(
            Connection connection,
            Dataset dataset,
            LocalDate day,
            DayAnswer answer,
            Import by,
            ImportStatus status,
            int revision,
            byte[] hash,
            BigDecimal total)
            throws SQLException {
        OffsetDateTime at = utc(by.fetchedAt());
        try (PreparedStatement update = connection.prepareStatement(STORED)) {
            update.setString(1, status.wireName());
            update.setInt(2, revision);
            update.setInt(3, answer.rows().size());
            update.setBigDecimal(4, total);
            update.setBytes(5, hash);
            update.setObject(6, at);
            update.setObject(7, at);
            update.setObject(8, at);
            update.setObject(9, at);
            update.setObject(10, by.runId());
            key(update, 11, dataset, by.orgRef(), day);
            update.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(REVISION)) {
            key(insert, 1, dataset, by.orgRef(), day);
            insert.setInt(5, revision);
            insert.setInt(6, answer.rows().size());
            insert.setBigDecimal(7, total);
            insert.setBytes(8, hash);
            insert.setObject(9, at);
            insert.setObject(10, by.runId());
            insert.setString(11, revision == 1 ? "first" : by.kind() == RunKind.CSV ? "manual" : "restated");
            insert.executeUpdate();
        }
    }

    /** Derives the day anew from the base tables, in the caller's transaction. */
    static void derive(Connection connection, Dataset dataset, String orgRef, LocalDate day) throws SQLException {
        if (dataset.rebuild().isEmpty()) {
            return;
        }
        try (PreparedStatement statement =
                connection.prepareStatement(dataset.rebuild().get())) {
            int column = 1;
            if (dataset != Dataset.CLAUDE_AI_AUDIT) {
                statement.setString(column++, orgRef);
            }
            statement.setObject(column, day);
            statement.execute();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}

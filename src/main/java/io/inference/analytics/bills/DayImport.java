package io.inference.analytics.bills;

import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.ProviderTrouble;
import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/**
 * Stores a day of a data set with its ledger.
 *
 * <p>In one transaction: the ledger row is read; equal content only moves {@code last_checked_at}; other content replaces all rows
 * of the day, raises the revision, books a correction for each billed amount that changed, archives the pages and derives the day
 * anew. A crash leaves the day as it was. An empty answer for a day that had rows changes nothing but the ledger.
 *
 * <p>The limits ask about a content once: one that is stored, or that a person has released, is good in every later read. Another
 * content above a limit waits for a person again, and what is stored stays.
 */
@ApplicationScoped
public class DayImport {

    private static final Duration LOOK_AGAIN_AT_EMPTY = Duration.ofHours(6);
    private static final Duration TRY_AGAIN = Duration.ofMinutes(30);

    /** Who writes, and when. */
    public record Import(UUID runId, RunKind kind, Instant fetchedAt) {}

    private final DayChecks.Limits limits;
    private final Clock clock;

    @Inject
    DayImport(ProvidersConfig config, Clock clock) {
        this.limits = new DayChecks.Limits(config.rowWarnUsd(), config.rowMaxUsd(), config.dayMaxUsd());
        this.clock = clock;
    }

    /** Part of a transaction. */
    private interface Step {
        DayOutcome on(Connection connection) throws SQLException;
    }

    /**
     * Stores the day, or notes in the ledger why not; all or nothing.
     *
     * @param released a person says that an empty or very large day is right
     */
    public DayOutcome store(Connection connection, DayKey key, DayAnswer answer, Import by, boolean released)
            throws SQLException {
        return inTransaction(connection, on -> attempt(on, key, answer, by, released));
    }

    /** Notes a failed try. */
    DayOutcome failed(Connection connection, DayKey key, Import by, ProviderTrouble trouble) throws SQLException {
        ImportStatus status = trouble.retryable() ? ImportStatus.FAILED_RETRYABLE : ImportStatus.FAILED_PERMANENT;
        Instant next =
                trouble.retryable() ? clock.instant().plus(trouble.retryAfter().orElse(TRY_AGAIN)) : null;
        return inTransaction(connection, on -> {
            LedgerWrites.open(on, key, by);
            return LedgerWrites.failed(
                    on, key, by, new LedgerWrites.Failed(status, trouble.code(), trouble.getMessage(), next));
        });
    }

    private static DayOutcome inTransaction(Connection connection, Step step) throws SQLException {
        connection.setAutoCommit(false);
        try {
            DayOutcome outcome = step.on(connection);
            connection.commit();
            return outcome;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private DayOutcome attempt(Connection connection, DayKey key, DayAnswer answer, Import by, boolean released)
            throws SQLException {
        LedgerWrites.Before before = LedgerWrites.open(connection, key, by);
        byte[] hash = answer.contentHash();
        boolean known = Arrays.equals(hash, before.hash()) || ReleasedDays.contains(connection, key, hash);
        Optional<LedgerWrites.Failed> refused = refused(key, answer, before, released || known);
        if (refused.isPresent()) {
            DayTables.archive(connection, key, answer, by);
            return LedgerWrites.failed(connection, key, by, refused.get());
        }
        if (released && DayChecks.fault(key.dataset(), answer, limits, false).isPresent()) {
            ReleasedDays.add(connection, key, hash, by);
        }
        ImportStatus status = answer.rows().isEmpty() ? ImportStatus.OK_EMPTY : ImportStatus.OK;
        Optional<BigDecimal> total = DayChecks.total(key.dataset(), answer);
        String dataset = key.dataset().wireName();
        if (before.revision() > 0 && Arrays.equals(hash, before.hash())) {
            LedgerWrites.unchanged(connection, key, by, status);
            return new DayOutcome(
                    dataset, key.day(), status, before.revision(), before.rows(), total, Optional.empty());
        }
        int revision = before.revision() + 1;
        int rows = answer.rows().size();
        if (before.revision() > 0) {
            DayTables.correct(connection, key, answer, by, revision);
        }
        DayTables.archive(connection, key, answer, by);
        DayTables.replace(connection, key, answer, by, revision);
        LedgerWrites.stored(
                connection, key, by, new LedgerWrites.Stored(status, revision, rows, total.orElse(null), hash));
        DayTables.derive(connection, key);
        return new DayOutcome(dataset, key.day(), status, revision, rows, total, Optional.empty());
    }

    /** Why the answer does not take the place of what is stored. */
    private Optional<LedgerWrites.Failed> refused(
            DayKey key, DayAnswer answer, LedgerWrites.Before before, boolean released) {
        Optional<DayChecks.Fault> fault = DayChecks.fault(key.dataset(), answer, limits, released);
        if (fault.isPresent()) {
            return Optional.of(new LedgerWrites.Failed(
                    ImportStatus.QUARANTINED, fault.get().code(), fault.get().text(), null));
        }
        if (answer.rows().isEmpty() && before.rows() > 0 && !released) {
            return Optional.of(new LedgerWrites.Failed(
                    ImportStatus.SUSPECT_EMPTY,
                    "suspect_empty",
                    "no rows (expected: about %d, as before)".formatted(before.rows()),
                    clock.instant().plus(LOOK_AGAIN_AT_EMPTY)));
        }
        return Optional.empty();
    }

    public static OffsetDateTime utc(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }
}

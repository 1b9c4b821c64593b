package io.inference.analytics.bills;

import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.ProviderTrouble;
import io.inference.analytics.provider.ProvidersConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Stores a day of a data set with its ledger, in one transaction.
 *
 * <ol>
 *   <li>It reads the ledger's row. Equal content only moves {@code last_checked_at}.
 *   <li>Other content replaces all rows of the day, raises the revision, records a correction for
 *       each billed amount that changed, archives the pages and derives the day again.
 * </ol>
 *
 * A crash leaves the day as it was. An empty answer for a day that had rows changes only the
 * ledger.
 *
 * <p>The limits ask about a content once: content that is stored, or that a person has released, is
 * good in every later read. Other content above a limit waits for a person again, and the stored
 * day stays.
 */
@ApplicationScoped
public class DayImport {

    private static final Duration LOOK_AGAIN_AT_EMPTY = Duration.ofHours(6);
    private static final Duration TRY_AGAIN = Duration.ofMinutes(30);

    /** The run that writes, and when it fetched. */
    public record Import(UUID runId, RunKind kind, Instant fetchedAt) {}

    private final DayChecks.Limits limits;
    private final Clock clock;

    @Inject
    DayImport(ProvidersConfig config, Clock clock) {
        this.limits = new DayChecks.Limits(config.rowWarnUsd(), config.rowMaxUsd(), config.dayMaxUsd());
        this.clock = clock;
    }

    /**
     * Stores the day, or records in the ledger why not; all or nothing.
     *
     * @param released a person says that an empty or very large day is right
     */
    public DayOutcome store(Handle handle, DayKey key, DayAnswer answer, Import by, boolean released) {
        return handle.inTransaction(transaction -> attempt(transaction, key, answer, by, released));
    }

    /** Records a failed attempt. */
    DayOutcome failed(Handle handle, DayKey key, Import by, ProviderTrouble trouble) {
        ImportStatus status = trouble.retryable() ? ImportStatus.FAILED_RETRYABLE : ImportStatus.FAILED_PERMANENT;
        Optional<Instant> next = trouble.retryable()
                ? Optional.of(clock.instant().plus(trouble.retryAfter().orElse(TRY_AGAIN)))
                : Optional.empty();
        return handle.inTransaction(transaction -> {
            LedgerWrites.open(transaction, key, by);
            return LedgerWrites.failed(
                    transaction, key, by, new LedgerWrites.Failed(status, trouble.code(), trouble.getMessage(), next));
        });
    }

    private DayOutcome attempt(Handle handle, DayKey key, DayAnswer answer, Import by, boolean released) {
        LedgerWrites.Before before = LedgerWrites.open(handle, key, by);
        byte[] hash = answer.contentHash();
        boolean known = Arrays.equals(hash, before.hash()) || ReleasedDays.contains(handle, key, hash);
        Optional<LedgerWrites.Failed> refused = refused(key, answer, before, released || known);
        if (refused.isPresent()) {
            DayRows.archive(handle, key, answer, by);
            return LedgerWrites.failed(handle, key, by, refused.get());
        }
        if (released && DayChecks.fault(key.dataset(), answer, limits, false).isPresent()) {
            ReleasedDays.add(handle, key, hash, by);
        }
        ImportStatus status = answer.rows().isEmpty() ? ImportStatus.OK_EMPTY : ImportStatus.OK;
        Optional<BigDecimal> total = DayChecks.total(key.dataset(), answer);
        String dataset = key.dataset().wireName();
        if (before.revision() > 0 && Arrays.equals(hash, before.hash())) {
            LedgerWrites.unchanged(handle, key, by, status);
            return new DayOutcome(
                    dataset, key.day(), status, before.revision(), before.rows(), total, Optional.empty());
        }
        int revision = before.revision() + 1;
        int rows = answer.rows().size();
        if (before.revision() > 0) {
            DayRows.correct(handle, key, answer, by, revision);
        }
        DayRows.archive(handle, key, answer, by);
        DayRows.replace(handle, key, answer, by, revision);
        LedgerWrites.stored(handle, key, by, new LedgerWrites.Stored(status, revision, rows, total, hash));
        Derivation.derive(handle, key);
        return new DayOutcome(dataset, key.day(), status, revision, rows, total, Optional.empty());
    }

    /** Why the answer does not replace what is stored. */
    private Optional<LedgerWrites.Failed> refused(
            DayKey key, DayAnswer answer, LedgerWrites.Before before, boolean released) {
        Optional<DayChecks.Fault> fault = DayChecks.fault(key.dataset(), answer, limits, released);
        if (fault.isPresent()) {
            return Optional.of(new LedgerWrites.Failed(
                    ImportStatus.QUARANTINED, fault.get().code(), fault.get().text(), Optional.empty()));
        }
        if (answer.rows().isEmpty() && before.rows() > 0 && !released) {
            return Optional.of(new LedgerWrites.Failed(
                    ImportStatus.SUSPECT_EMPTY,
                    "suspect_empty",
                    "no rows (expected: about %d, as before)".formatted(before.rows()),
                    Optional.of(clock.instant().plus(LOOK_AGAIN_AT_EMPTY))));
        }
        return Optional.empty();
    }
}

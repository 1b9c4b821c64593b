package io.inference.analytics.repeats;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Exact sums of events that were not stored.
 *
 * @param duplicates how many said the same as the stored event
 * @param duplicateTokens theirs
 * @param conflicts how many said something else
 * @param stored tokens of the stored versions, once per conflict
 * @param refused tokens of the conflicts
 * @param storedCents of the stored versions, where both sides have a cost
 * @param refusedCents of the conflicts, where both sides have a cost
 * @param unpricedConflicts conflicts without a cost on one side or both
 */
record RepeatSums(
        long duplicates,
        Tokens duplicateTokens,
        long conflicts,
        Tokens stored,
        Tokens refused,
        BigDecimal storedCents,
        BigDecimal refusedCents,
        long unpricedConflicts) {

    /** Tokens read and written. */
    record Tokens(BigInteger input, BigInteger output) {}
}

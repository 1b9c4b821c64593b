package io.inference.analytics.usage;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;

/**
 * Exact sums over some usage.
 *
 * @param invocations how many
 * @param errors those that did not end in success
 * @param inputTokens everything read, cached included
 * @param outputTokens everything written
 * @param cacheReadInputTokens the part of the input that was read from a cache
 * @param cacheWriteInputTokens the part of the input that was written to a cache
 * @param costCents US cents of those that have a price; empty when none has
 * @param unpricedInvocations those without a price
 */
public record UsageSums(
        long invocations,
        long errors,
        BigInteger inputTokens,
        BigInteger outputTokens,
        BigInteger cacheReadInputTokens,
        BigInteger cacheWriteInputTokens,
        Optional<BigDecimal> costCents,
        long unpricedInvocations) {

    /** No usage at all costs nothing, and that is known. */
    public static final UsageSums NONE = new UsageSums(
            0, 0, BigInteger.ZERO, BigInteger.ZERO, BigInteger.ZERO, BigInteger.ZERO, Optional.of(BigDecimal.ZERO), 0);

    /** What is left of these sums without a part of them. */
    public UsageSums minus(UsageSums part) {
        long left = Math.subtractExact(invocations, part.invocations);
        long unpriced = Math.subtractExact(unpricedInvocations, part.unpricedInvocations);
        Optional<BigDecimal> cents = costCents.map(all -> all.subtract(part.costCents.orElse(BigDecimal.ZERO)));
        return new UsageSums(
                left,
                Math.subtractExact(errors, part.errors),
                inputTokens.subtract(part.inputTokens),
                outputTokens.subtract(part.outputTokens),
                cacheReadInputTokens.subtract(part.cacheReadInputTokens),
                cacheWriteInputTokens.subtract(part.cacheWriteInputTokens),
                left > 0 && left == unpriced ? Optional.empty() : cents,
                unpriced);
    }

    /** Both together. */
    public UsageSums plus(UsageSums other) {
        if (invocations == 0) {
            return other;
        }
        if (other.invocations == 0) {
            return this;
        }
        return new UsageSums(
                Math.addExact(invocations, other.invocations),
                Math.addExact(errors, other.errors),
                inputTokens.add(other.inputTokens),
                outputTokens.add(other.outputTokens),
                cacheReadInputTokens.add(other.cacheReadInputTokens),
                cacheWriteInputTokens.add(other.cacheWriteInputTokens),
                costCents
                        .map(cents -> cents.add(other.costCents.orElse(BigDecimal.ZERO)))
                        .or(other::costCents),
                Math.addExact(unpricedInvocations, other.unpricedInvocations));
    }
}

package io.inference.analytics.usage;

import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;

/** The figure by which the rows of a breakdown are ranked, the highest first. */
public enum BreakdownOrder {
    COST("cost"),
    INVOCATIONS("invocations"),
    TOKENS("tokens"),
    ERRORS("errors"),
    ERROR_RATE("errorRate");

    private final String wireName;

    BreakdownOrder(String wireName) {
        this.wireName = wireName;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }

    /** The figure: US dollars, a count, or a ratio; empty when nothing has a price, or there is nothing to have a rate. */
    Optional<BigDecimal> of(UsageSums sums) {
        return switch (this) {
            case COST -> sums.costCents().map(cents -> cents.movePointLeft(2));
            case INVOCATIONS -> Optional.of(BigDecimal.valueOf(sums.invocations()));
            case TOKENS -> Optional.of(new BigDecimal(sums.inputTokens().add(sums.outputTokens())));
            case ERRORS -> Optional.of(BigDecimal.valueOf(sums.errors()));
            case ERROR_RATE ->
                sums.invocations() == 0
                        ? Optional.of(BigDecimal.ZERO)
                        : Optional.of(BigDecimal.valueOf(sums.errors())
                                .divide(BigDecimal.valueOf(sums.invocations()), MathContext.DECIMAL64));
        };
    }

    /** What shares are shares of: rates do not add up, errors do. */
    BreakdownOrder additive() {
        return this == ERROR_RATE ? ERRORS : this;
    }
}

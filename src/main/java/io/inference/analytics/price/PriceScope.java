package io.inference.analytics.price;

import io.inference.analytics.platform.Failure;
import java.util.Optional;

/**
 * Which events of a model a price is for. Of the prices that fit an event the most specific one holds; a tier counts for more than
 * a context window.
 *
 * @param serviceTier events of this tier; empty means any
 * @param contextWindow events of this context window; empty means any
 */
public record PriceScope(Optional<String> serviceTier, Optional<String> contextWindow) {

    /** All events that no other price is for. */
    public static final PriceScope GENERAL = new PriceScope(Optional.empty(), Optional.empty());

    /** As in usage events. */
    static final int LENGTH_MAX = 50;

    /**
     * Checks what a person asks for.
     *
     * @throws Failure.Invalid when events cannot have such a tier or context window
     */
    public static PriceScope of(Optional<String> serviceTier, Optional<String> contextWindow) {
        check("serviceTier", serviceTier);
        check("contextWindow", contextWindow);
        return new PriceScope(serviceTier, contextWindow);
    }

    private static void check(String field, Optional<String> text) {
        text.filter(given -> given.isEmpty() || given.codePointCount(0, given.length()) > LENGTH_MAX)
                .ifPresent(given -> {
                    throw new Failure.Invalid(
                            field, "%s: %s (expected: 1 to %d characters)".formatted(field, given, LENGTH_MAX));
                });
    }
}

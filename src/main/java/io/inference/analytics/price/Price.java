package io.inference.analytics.price;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What a model costs from a time on, in US dollars per million tokens.
 *
 * @param input plain input: without what is read from or written to a cache
 * @param cacheRead empty: events that read a cache are unpriced; the same for the other two
 * @param cacheWrite writes that live five minutes
 * @param cacheWrite1h writes that live an hour
 * @param scope which of the model's events it is for
 */
public record Price(
        UUID model,
        Instant validFrom,
        BigDecimal input,
        BigDecimal output,
        Optional<BigDecimal> cacheRead,
        Optional<BigDecimal> cacheWrite,
        Optional<BigDecimal> cacheWrite1h,
        PriceScope scope) {

    /**
     * An entry of the book.
     *
     * @param version counts the entries of a model from 1
     */
    public record Entry(Price price, int version, String author, String reason, Instant createdAt) {}
}

package io.inference.analytics.price;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/**
 * What a published list says about a model of a provider, in US dollars per million tokens.
 *
 * @param provider who sells it, as the list calls them
 * @param name the provider's name of the model
 * @param scope which of its events the prices are for
 * @param input plain input; empty when the list has none
 * @param output output; empty when the list has none
 * @param cacheRead empty when the list has none; the same for the other two
 * @param cacheWrite writes that live five minutes
 * @param cacheWrite1h writes that live an hour
 * @param notExpressed names of further prices that the book cannot hold, such as those of searches
 */
record ListPrice(
        String provider,
        String name,
        PriceScope scope,
        Optional<BigDecimal> input,
        Optional<BigDecimal> output,
        Optional<BigDecimal> cacheRead,
        Optional<BigDecimal> cacheWrite,
        Optional<BigDecimal> cacheWrite1h,
        List<String> notExpressed) {}

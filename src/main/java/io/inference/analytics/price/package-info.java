/**
 * What models cost.
 *
 * <p>Owns: the price book, which only grows, and the pricing of events that brought no cost. May touch: access,
 * database, rollup, series, web, platform.
 *
 * <p>Invariants: an event's own cost is never changed; an event without a price is unpriced with a reason, never free; money is
 * exact decimals.
 *
 * <p>On failure: nothing is priced in part; a repricing that ends early has changed whole days, and can be run again.
 *
 * <p>Tables: owns model_prices, price_repricing; changes ingest_gate, ingest_guard, usage_events
 * (ingest), local_spans (rollup); reads provider_model (attribution), usage_hourly (rollup), models
 * (usage).
 */
package io.inference.analytics.price;

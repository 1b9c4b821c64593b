/**
 * Owns the APIs of the AI providers: their clients, data sets, answers and the rows of an answer.
 *
 * <p>May touch: platform.
 *
 * <p>Invariants: a key never shows in a log, an error or an archived page; money is read as exact
 * decimals; an answer is read to its last page or not at all.
 *
 * <p>On failure: {@link io.inference.analytics.provider.ProviderTrouble} says whether a retry
 * helps.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.provider;

/**
 * How far behind the present the figures are.
 *
 * <p>Owns: the rule from lag to status and the answer about freshness. May touch: access, platform. Invariants: PostgreSQL is
 * the only source; a stuck ingest shows, a quiet organisation that is caught up is fresh; what is not known is said to be
 * unknown. On failure: the request ends as unavailable, never with a guess.
 */
package io.inference.analytics.freshness;

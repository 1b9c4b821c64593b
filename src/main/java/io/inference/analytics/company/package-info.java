/**
 * Owns the reports of the whole company: costs and productivity by provider, and the reconciliation
 * of bills with estimates.
 *
 * <p>May touch: access, database, platform, series, web.
 *
 * <p>Invariants: totals are sums of exact values; the parts of a reconciliation add up to its
 * difference; it writes nothing.
 */
package io.inference.analytics.company;

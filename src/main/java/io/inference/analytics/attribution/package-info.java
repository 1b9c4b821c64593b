/**
 * Owns the attribution of bills: mappings of workspaces, keys and organisations, people and teams,
 * seats and invoices.
 *
 * <p>May touch: bills, provider, platform.
 *
 * <p>Invariants: a change of a mapping and the days that it changes are one transaction; nothing is
 * attributed without an entry that says so.
 */
package io.inference.analytics.attribution;

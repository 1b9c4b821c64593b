/**
 * What was decided at the door, kept so that nobody can change it unseen.
 *
 * <p>Owns: the tables {@code audit_log}, {@code audit_head} and {@code audit_checkpoints}, the hash chain over all entries, the
 * publication of its head, its verification and its retention. May touch: access, platform.
 *
 * <p>Invariants: entries are only ever added; each one's hash covers the one before; times never go back along the chain; the
 * head is outside of the database within a minute. On failure: a request that reads is not answered before its entry is
 * committed (analytics.audit.required); entries wait in a bounded queue for a database that is away.
 *
 * <p>Tables: owns audit_checkpoints, audit_head, audit_log.
 */
package io.inference.analytics.audit;

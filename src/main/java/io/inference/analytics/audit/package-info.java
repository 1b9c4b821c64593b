/**
 * The log of every access decision, kept so that any change to it is detected.
 *
 * <p>Owns: the tables {@code audit_log}, {@code audit_head} and {@code audit_checkpoints}; the hash
 * chain over all entries; the publication of its head, its verification and its retention.
 *
 * <p>May touch: access, database, objectstore, web, platform.
 *
 * <p>Invariants: entries are only ever added; each entry's hash covers the previous one; times
 * never go back along the chain; the head is published outside of the database within a minute.
 *
 * <p>On failure: a response waits until its entry is committed, or is 503
 * (analytics.audit.required); entries wait in a bounded queue while the database is away.
 *
 * <p>Tables: owns audit_checkpoints, audit_head, audit_log.
 */
package io.inference.analytics.audit;

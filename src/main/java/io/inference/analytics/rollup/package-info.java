/**
 * Owns the rollups' upkeep: refresh of what new and late batches touched, repair by recomputing, partitions ahead, retention.
 *
 * <p>May touch: platform.
 *
 * <p>Invariants: one replica works at a time (advisory lock); a batch leaves the outbox only after the rollups show all its
 * events.
 *
 * <p>On failure: the outbox keeps the batch, and the next round, of any replica, does it again; freshness shows the lag.
 */
package io.inference.analytics.rollup;

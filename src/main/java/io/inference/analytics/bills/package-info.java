/**
 * Owns the providers' bills: import runs, the ledger of imported days, one base table per data set,
 * the figures derived from them by day, validation, and the daily job.
 *
 * <p>May touch: database, provider, platform.
 *
 * <p>Invariants: a day of a data set is replaced as a whole in one transaction or stays as it was;
 * each dollar is in one base table; an estimate is never added to a bill.
 *
 * <p>On failure: the ledger says which day of which data set failed and why; the other days and
 * data sets are still imported.
 */
package io.inference.analytics.bills;

/**
 * What the AI providers bill and report.
 *
 * <p>Owns: the clients of their interfaces, the ledger of imported days, one base table a data set, what is derived from them by
 * day, mappings of workspaces and keys, validation, and the views of the whole company's costs. May touch: access, platform.
 *
 * <p>Invariants: a day of a data set is replaced as a whole in one transaction or stays as it was; each dollar stands in one base
 * table; an estimate is never added to a bill; money is exact decimals; a key never shows in a log, an error or an archived page.
 *
 * <p>On failure: the ledger says which day of which data set failed and why; the other days and data sets go on.
 */
package io.inference.analytics.providers;

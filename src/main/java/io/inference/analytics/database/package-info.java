/**
 * Owns the way to PostgreSQL: pools, typed SQL, what an SQLState means, the storage flavour and the migrations.
 *
 * <p>May touch: platform.
 *
 * <p>Invariants: SQL has named parameters and goes through JDBI, except on measured hot paths; a request's database call returns or
 * fails within the bounds of {@link io.inference.analytics.database.ApiDatabase}.
 *
 * <p>On failure: errors arrive unchecked and are classified by {@link io.inference.analytics.database.SqlState} alone.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.database;

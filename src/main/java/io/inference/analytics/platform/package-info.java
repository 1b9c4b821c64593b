/**
 * Owns what every room stands on: the clock, settings, start-up checks, storage flavour and migrations, the read side of the
 * database, failures and their one mapping to problem+json, request ids, the access log.
 *
 * <p>May touch: no feature.
 *
 * <p>Invariants: a missing or malformed setting stops the start with one line that names it and never shows a secret; unknown
 * errors never leak their text to a caller.
 *
 * <p>On failure: start-up errors end the process with exit code 1; a request ends with a problem+json answer, whatever went
 * wrong.
 */
package io.inference.analytics.platform;

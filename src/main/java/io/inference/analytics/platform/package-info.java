/**
 * Owns what every room stands on: the clock, settings, start-up checks, storage flavour and migrations, problem+json, health.
 *
 * <p>May touch: no feature.
 *
 * <p>Invariants: a missing or malformed setting stops the start with one line that names it and never shows a secret.
 *
 * <p>On failure: start-up errors end the process with exit code 1.
 */
package io.inference.analytics.platform;

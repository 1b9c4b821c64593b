/**
 * Owns the settings that come from the environment: their names, rules and meaning, and what the libraries derive from them.
 *
 * <p>May touch: nothing.
 *
 * <p>Invariants: every setting is checked before anything starts; a fault is one line that names the setting and what it should look
 * like, never a secret.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.settings;

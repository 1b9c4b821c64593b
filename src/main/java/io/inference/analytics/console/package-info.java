/**
 * Owns the page at {@code /console/}: its files, how they are cached, and what a browser lets them do. The page itself stands in
 * {@code src/main/resources/console}; it has no rights of its own and uses only the public API, with the viewer's credential.
 *
 * <p>May touch: platform.
 *
 * <p>Invariants: the page loads nothing from another host; no text becomes markup; a file that may be cached never changes under
 * its address.
 *
 * <p>On failure: a file that is missing from the jar stops the start.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.console;

/**
 * Owns the page at {@code /console/}: its files, how they are cached, and what a browser lets them do. The page itself stands in
 * {@code src/main/resources/console}; it has no rights of its own and uses only the public API, with the viewer's credential. On a local stack
 * it also hands out tokens, signed with the key of that stack.
 *
 * <p>May touch: settings, platform.
 *
 * <p>Invariants: the page loads nothing from another host, and calls none but those that the provider names where viewers sign in; no text becomes markup; a file that may be cached never changes under
 * its address.
 *
 * <p>On failure: a file that is missing from the jar, and a provider without an address, stop the start. A provider that is down
 * stops neither the start nor viewers who paste a credential.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.console;

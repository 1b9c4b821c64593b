/**
 * Owns messages to addresses that callers chose: which addresses are allowed, the signature, and one bounded try.
 *
 * <p>May touch: no other room.
 *
 * <p>Invariants: no request goes to a private address, whatever the name resolves to at the moment of the connection, unless the
 * operator has allowed the host. Redirects are not followed.
 *
 * <p>On failure: a try ends after 10 s at most and says why; whether to try again is up to the caller.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.webhook;

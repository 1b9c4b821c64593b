/**
 * What a usage event is and which bytes are one.
 *
 * <p>Owns: {@link io.inference.analytics.event.UsageEvent}, its value types and the rules of the wire format (section 2 of the
 * contract).
 *
 * <p>May touch: only Jackson's streaming core. No clock, no settings, no other room.
 *
 * <p>Invariants: a decoded event fits the database as it is; no number ever passes through a double; every byte of a message
 * belongs to exactly one outcome or to the array around it.
 *
 * <p>On failure: bad input throws nothing. A bad event is a {@link io.inference.analytics.event.Decoded.Rejected} with a
 * reason, a detail and its bytes unchanged.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.event;

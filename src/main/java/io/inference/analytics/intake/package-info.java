/**
 * Owns events over HTTP: {@code POST …/events} checks them, publishes them to the broker, and reports the outcome of each.
 *
 * <p>May touch: event for the codec, ingest for the broker's address and names, access, web, platform.
 *
 * <p>Invariants: an event is accepted only after the broker has confirmed it; all accepted events of a request travel in one
 * message, so either all of them arrive or none.
 *
 * <p>On failure: 503 within about a second. The caller sends the request again; an event that did arrive is recognised by its id.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.intake;

/**
 * Owns what all HTTP answers have in common: request ids, problem+json, strict query parameters, entity tags, CSV answers, streamed
 * bodies and slow clients; and what the OpenAPI document says about all operations.
 *
 * <p>May touch: settings, platform.
 *
 * <p>Invariants: every error is problem+json with a trace id; nothing that a stranger sends becomes a log line without a bound.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.web;

/**
 * Who calls, and what they may do.
 *
 * <p>Owns: callers, roles, permissions, the organisation scope, the table {@code api_keys}, and the
 * filter in front of every resource method.
 *
 * <p>May touch: database, settings, web, platform.
 *
 * <p>Invariants: a method without an annotation of this room is refused; the order of the checks is
 * 401, 403, 404, 400; every decision goes to the {@link io.inference.analytics.access.AuditTrail}.
 *
 * <p>On failure: the request is refused, never let through.
 *
 * <p>Tables: owns api_keys.
 */
package io.inference.analytics.access;

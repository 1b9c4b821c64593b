/**
 * What developers and operators run against a local stack: sample events, the totals they must lead to, and the publisher. Test
 * scope; nothing of the service depends on it.
 *
 * <p>Owns: {@code local-dev/publish}, {@code local-dev/token}, the sample and the summary of {@code local-dev/run}.
 *
 * <p>May touch: RabbitMQ's client, the HTTP API. Never the service's own classes: what checks the service must not share its mistakes.
 *
 * <p>On failure: one line on standard error and exit code 1, or 2 for a wrong command line.
 */
package io.inference.analytics.devtools;

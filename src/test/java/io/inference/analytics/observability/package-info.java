/** What operators see: metrics, health, logs, traces, dashboards and alerts, of the packaged service with real servers. */
package io.inference.analytics.observability;

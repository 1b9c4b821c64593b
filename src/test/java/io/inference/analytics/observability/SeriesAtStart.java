package io.inference.analytics.observability;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.event.RejectReason;
import java.util.List;
import java.util.Map;

/** The series whose labels are known: a rule that asks for them finds them before anything has happened. */
final class SeriesAtStart {

    private SeriesAtStart() {}

    /** Counters are 0, and gauges exist. */
    static void assertThere(Scrape atStart) {
        for (String outcome : List.of("stored", "duplicate", "conflict")) {
            assertThat(atStart.value("analytics_ingestion_events_total", Map.of("outcome", outcome, "reason", "")))
                    .as(outcome)
                    .hasValue(0);
        }
        for (RejectReason reason : RejectReason.values()) {
            assertThat(atStart.value(
                            "analytics_ingestion_events_total",
                            Map.of("outcome", "dead_lettered", "reason", reason.wireName())))
                    .as(reason.wireName())
                    .hasValue(0);
        }
        for (String outcome : List.of("accepted", "rejected", "unavailable")) {
            assertThat(atStart.value("analytics_intake_events_total", Map.of("outcome", outcome)))
                    .as(outcome)
                    .hasValue(0);
        }
        for (String status : List.of("pending", "failed")) {
            assertThat(atStart.value("analytics_budget_messages", Map.of("status", status)))
                    .as(status)
                    .hasValue(0);
        }
        for (String status : List.of("pending", "running", "succeeded", "failed", "cancelled", "expired")) {
            assertThat(atStart.value("analytics_export_jobs_total", Map.of("status", status)))
                    .as(status)
                    .hasValue(0);
        }
        for (String zero : List.of(
                "analytics_audit_append_seconds_count",
                "analytics_audit_entries_total",
                "analytics_audit_queue_entries",
                "analytics_audit_refused_total",
                "analytics_dead_letters_pending",
                "analytics_dead_letters_oldest_pending_seconds",
                "analytics_export_duration_seconds_count",
                "analytics_export_consecutive_failures",
                "analytics_ingestion_batch_seconds_count",
                "analytics_ingestion_failed_attempts_total",
                "analytics_ingestion_backlog_events",
                "analytics_conservation_gap_events")) {
            assertThat(atStart.value(zero, Map.of())).as(zero).hasValue(0);
        }
        assertThat(atStart.value("analytics_ingestion_lost_messages_total", Map.of("cause", "retention")))
                .hasValue(0);
        assertThat(atStart.names())
                .contains(
                        // Not 0 while the reader does not know yet what waits.
                        "analytics_ingestion_lag_seconds",
                        "analytics_ingestion_broker_up",
                        "analytics_conservation_last_checked_timestamp_seconds",
                        "analytics_rollup_duration_seconds_count",
                        "analytics_rollup_last_success_timestamp_seconds",
                        "http_server_requests_seconds_count");
    }
}

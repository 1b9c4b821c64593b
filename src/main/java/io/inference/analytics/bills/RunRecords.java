package io.inference.analytics.bills;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.provider.ProviderHttp;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Records when each run of imports began, how it ended, and who asked for it. */
@ApplicationScoped
public class RunRecords {

    private static final String BEGIN =
            """
            insert into analytics.provider_import_run (run_id, provider, kind, from_date, to_date, started_at, status, requested_by)
            values (:run, :provider, :kind, :from, :to, :now, 'running', :by)
            """;

    private static final String END =
            """
            update analytics.provider_import_run set finished_at = :now, status = :status, counters = :counters::jsonb
            where run_id = :run
            """;

    private static final String ABANDONED =
            """
            update analytics.provider_import_run set finished_at = :now, status = 'failed'
            where status = 'running' and started_at < :since
            """;

    /** No run takes that long; an older one that still runs belongs to a process that died. */
    private static final Duration RUN_MAX = Duration.ofHours(24);

    private final Clock clock;

    RunRecords(Clock clock) {
        this.clock = clock;
    }

    public void begin(
            Handle handle, UUID runId, Provider provider, RunKind kind, SortedSet<LocalDate> dates, String by) {
        handle.createUpdate(ABANDONED)
                .bind("now", clock.instant())
                .bind("since", clock.instant().minus(RUN_MAX))
                .execute();
        handle.createUpdate(BEGIN)
                .bind("run", runId)
                .bind("provider", provider)
                .bind("kind", kind)
                .bind("from", dates.first())
                .bind("to", dates.last())
                .bind("now", clock.instant())
                .bind("by", by)
                .execute();
    }

    /** A run without requests. */
    public void end(Handle handle, UUID runId, String status, Map<ImportStatus, Integer> counts) {
        end(handle, runId, status, counts, Map.of());
    }

    /**
     * @param counts days by outcome
     * @param requests by outcome; kept, because a process that ends takes its metrics along
     */
    void end(Handle handle, UUID runId, String status, Map<ImportStatus, Integer> counts, Map<String, Long> requests) {
        ObjectNode counters = ProviderHttp.JSON.createObjectNode();
        counts.forEach((counted, days) -> counters.put(counted.wireName(), days));
        if (!requests.isEmpty()) {
            requests.forEach(counters.putObject("requests")::put);
        }
        handle.createUpdate(END)
                .bind("now", clock.instant())
                .bind("status", status)
                .bind("counters", counters.toString())
                .bind("run", runId)
                .execute();
    }

    /** What was counted in between. */
    static Map<String, Long> since(Map<String, Long> before, Map<String, Long> now) {
        Map<String, Long> made = new TreeMap<>(now);
        before.forEach((outcome, requests) -> made.merge(outcome, -requests, Long::sum));
        return made;
    }
}

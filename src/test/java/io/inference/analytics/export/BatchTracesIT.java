package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.series.TimeRange;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which batches the trace of a file leads to. */
@QuarkusTest
@WithBackends
class BatchTracesIT {

    private static final UUID MODEL = UUID.randomUUID();
    private static final UUID OTHER_MODEL = UUID.randomUUID();

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    private final UUID org = UUID.randomUUID();

    @AfterEach
    void removeBatches() {
        jdbi.useHandle(
                handle -> handle.execute("delete from analytics.ingestion_batches where replica = ?", org.toString()));
    }

    @Test
    void theNewestBatchesOfTheNewestTwoHoursThatTheFileHasAreFound() throws SQLException {
        batch("long before", MODEL, "2026-03-04T08:59:59Z");
        batch("first", MODEL, "2026-03-04T09:00:00Z");
        batch("second", MODEL, "2026-03-04T10:10:00Z");
        batch(null, MODEL, "2026-03-04T10:20:00Z");
        batch("other model", OTHER_MODEL, "2026-03-04T10:30:00Z");
        batch("after the end", MODEL, "2026-03-04T12:00:00Z");

        assertThat(newest("2026-03-01T00:00:00Z", "2026-03-04T12:00:00Z", Set.of(), 9))
                .containsExactly("other model", "second", "first");
        assertThat(newest("2026-03-01T00:00:00Z", "2026-03-04T12:00:00Z", Set.of(MODEL), 9))
                .containsExactly("second", "first");
        assertThat(newest("2026-03-01T00:00:00Z", "2026-03-04T12:00:00Z", Set.of(MODEL), 1))
                .containsExactly("second");
        assertThat(newest("2026-03-04T10:15:00Z", "2026-03-04T11:30:00Z", Set.of(), 9))
                .as("a range that cuts the hour")
                .containsExactly("other model");
        assertThat(newest("2026-03-04T12:30:00Z", "2026-03-05T00:00:00Z", Set.of(), 9))
                .isEmpty();
    }

    private List<String> newest(String start, String end, Set<UUID> models, int limit) {
        ExportOrder order = new ExportOrder(
                new TimeRange(Instant.parse(start), Instant.parse(end)),
                ExportGranularity.HOURLY,
                ZoneOffset.UTC,
                models,
                ExportFormat.CSV,
                CsvForm.DEFAULT,
                Optional.empty());
        return BatchTraces.newest(jdbi, org, order, limit);
    }

    /** Stores an event, and the batch that brought it. */
    private void batch(String trace, UUID model, String at) throws SQLException {
        new StoredUsage().add(Event.of(org, model, at)).store(database);
        jdbi.useTransaction(handle -> {
            long batch = handle.createQuery(
                            """
                            insert into analytics.ingestion_batches (transport, replica, correlation_id, messages, received, stored,
                                duplicates, conflicts, dead_lettered, late, started_at, committed_at, trace_parent)
                            values ('queue', ?, 'x', 1, 1, 1, 0, 0, 0, false, now(), now(), ?)
                            returning batch_id
                            """)
                    .bind(0, org.toString())
                    .bind(1, trace)
                    .mapTo(Long.class)
                    .one();
            handle.execute(
                    "update analytics.usage_events set batch_id = ? where org_id = ? and occurred_at = ?::timestamptz",
                    batch,
                    org,
                    at);
        });
    }
}

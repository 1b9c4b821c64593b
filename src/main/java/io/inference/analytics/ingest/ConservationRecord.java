package io.inference.analytics.ingest;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** What the last check of the books found, for all replicas, and whose turn the next one is. Times are the database's. */
@ApplicationScoped
class ConservationRecord {

    /**
     * What is known.
     *
     * @param checkedAt when everything was last compared; empty before the first time
     * @param gap events; empty while there are batches that no check has compared
     */
    record Found(Optional<Instant> checkedAt, Optional<Long> gap) {}

    /** A replica is a little early at times, and must not leave out a whole interval then. */
    private static final double SHARE_OF_INTERVAL = 0.8;

    private static final String BEGIN =
            """
            insert into analytics.conservation_checks as last (single, begun_at) values (true, clock_timestamp())
            on conflict (single) do update set begun_at = excluded.begun_at
            where last.begun_at < excluded.begun_at - :pauseMs * interval '1 millisecond'
               or last.begun_at > excluded.begun_at
            """;

    private static final String CHECKED =
            "update analytics.conservation_checks set checked_at = clock_timestamp(), gap = :gap";

    private static final String GAP = "update analytics.conservation_checks set gap = :gap";

    // Before the first check the row says 0, which is known only while there is no batch.
    private static final String FOUND =
            """
            select checked_at,
                   case when checked_at is not null or gap <> 0 then gap
                        when not exists (select from analytics.ingestion_batches) then 0 end as gap
            from (values (true)) as one (single) left join analytics.conservation_checks using (single)
            """;

    private final Jdbi jdbi;

    ConservationRecord(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Whether the caller is to check now; if so, no other replica is for the interval. */
    boolean begin(Duration interval) {
        return jdbi.withHandle(handle -> handle.createUpdate(BEGIN)
                        .bind("pauseMs", (long) (interval.toMillis() * SHARE_OF_INTERVAL))
                        .execute()
                == 1);
    }

    /** Everything was compared. */
    void checked(long gap) {
        jdbi.useHandle(handle -> handle.createUpdate(CHECKED).bind("gap", gap).execute());
    }

    /** There is a gap, though not everything was compared. */
    void gap(long gap) {
        jdbi.useHandle(handle -> handle.createUpdate(GAP).bind("gap", gap).execute());
    }

    Found found() {
        return jdbi.withHandle(handle -> handle.createQuery(FOUND)
                .map(row -> new Found(
                        Optional.ofNullable(row.getColumn("checked_at", Instant.class)),
                        Optional.ofNullable(row.getColumn("gap", Long.class))))
                .one());
    }
}

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
     */
    record Found(Optional<Instant> checkedAt, long gap) {}

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

    private static final String FOUND = "select checked_at, gap from analytics.conservation_checks";

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
                        row.getColumn("gap", Long.class)))
                .findOne()
                .orElse(new Found(Optional.empty(), 0)));
    }
}

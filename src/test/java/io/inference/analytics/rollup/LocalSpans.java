package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.platform.Retention;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The days of time zones of an organisation, as the rollup worker builds them. */
public final class LocalSpans {

    private record Kept(Period raw, Period rollups) implements Retention {}

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Jdbi jdbi;
    private final UUID org;
    private final Instant until;
    private final LocalSpanBuilder builder;

    /** @param until later days are not over yet */
    public LocalSpans(Jdbi jdbi, UUID org, Instant until) {
        this(jdbi, org, until, Period.ofYears(50));
    }

    /** @param kept how long rollups are */
    LocalSpans(Jdbi jdbi, UUID org, Instant until, Period kept) {
        this.jdbi = jdbi;
        this.org = org;
        this.until = until;
        this.builder = new LocalSpanBuilder(new Kept(kept, kept));
    }

    /** Has the worker forget what is no longer needed, until so many spans are left; a call does a second's work. */
    void forget(long left) {
        await().atMost(PATIENCE).until(() -> {
            jdbi.useHandle(handle -> builder.forget(handle, until));
            return count(true) + count(false) == left;
        });
    }

    /** One round of the worker, as if the last one were some time ago. */
    int round() {
        return jdbi.withHandle(handle -> {
            handle.createUpdate("update analytics.local_spans set built_at = null where org_id = :org and not built")
                    .bind("org", org)
                    .execute();
            return builder.round(handle, until);
        });
    }

    /** A round right behind the last one. */
    int nextRound() {
        return jdbi.withHandle(handle -> builder.round(handle, until));
    }

    /** As a process begins that cannot know what ran before it. */
    void begin() {
        jdbi.useHandle(builder::unbuildOnce);
    }

    /** Rounds of the worker until everything is built; transactions of other tests may hold it up. */
    public void build() {
        await().atMost(PATIENCE).until(() -> {
            round();
            return count(true) > 0 && count(false) == 0;
        });
        assertThat(count(true)).isPositive();
    }

    /** How many are built, or not. */
    public long count(boolean built) {
        return jdbi.withHandle(handle -> count(handle, built));
    }

    private long count(Handle handle, boolean built) {
        return handle.createQuery("select count(*) from analytics.local_spans where org_id = :org and built = :built")
                .bind("org", org)
                .bind("built", built)
                .mapTo(Long.class)
                .one();
    }
}

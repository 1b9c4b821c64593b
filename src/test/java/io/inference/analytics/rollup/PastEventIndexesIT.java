package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;

/** The index of a day that is over is made while events of that day still come. */
@QuarkusTest
@WithBackends
@TestProfile(RetentionIT.ShortRetention.class)
class PastEventIndexesIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String LATE_EVENT =
            """
            insert into analytics.usage_events (event_id, org_id, model_id, occurred_at, received_at, input_tokens, output_tokens,
                latency_ms, status, batch_id)
            select gen_random_uuid(), org_id, model_id, occurred_at, received_at, input_tokens, output_tokens, latency_ms, status, batch_id
            from analytics.usage_events where org_id = :org limit 1
            """;

    @Inject
    AgroalDataSource database;

    @Inject
    Jdbi jdbi;

    @Inject
    UpkeepJob upkeep;

    @Inject
    StorageFlavour.Found flavour;

    private final UUID org = UUID.randomUUID();
    private final UUID model = UUID.randomUUID();
    private final Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);

    private boolean isTimescale() {
        return flavour.flavour() == StorageFlavour.TIMESCALE;
    }

    private void store(Instant... times) throws Exception {
        StoredUsage usage = new StoredUsage();
        for (Instant time : times) {
            usage.add(Event.of(org, model, time.toString()));
        }
        usage.store(database);
    }

    private void execute(String sql) {
        jdbi.useHandle(handle -> handle.execute(sql));
    }

    @Test
    void daysThatAreOverGetAnIndexOfTheirEventsByOrganisation() throws Exception {
        store(today.minus(20, ChronoUnit.DAYS), today);
        upkeep.runOnce();
        upkeep.runOnce();
        List<String> indexed = jdbi.withHandle(handle -> handle.createQuery(
                        "select indexname from pg_indexes where schemaname = 'analytics' and indexname ~ '^usage_events_[0-9]+_org_time'")
                .mapTo(String.class)
                .list());
        if (isTimescale()) {
            assertThat(indexed).isEmpty();
        } else {
            assertThat(indexed)
                    .contains(indexOf(today.minus(20, ChronoUnit.DAYS)))
                    .doesNotContain(indexOf(today));
        }
    }

    private static String indexOf(Instant day) {
        return "usage_events_" + day.toString().substring(0, 10).replace("-", "") + "_org_time";
    }

    /** Flavour timescale has these indexes from the start. The first attempt ended early, and has left an index that is not valid. */
    @Test
    void eventsThatComeLateDoNotWaitForTheIndexOfTheirDay() throws Exception {
        if (isTimescale()) {
            return;
        }
        Instant day = today.minus(3, ChronoUnit.DAYS);
        store(day);
        upkeep.runOnce();
        String index = "analytics." + indexOf(day);
        execute("drop index " + index);
        try (Handle writer = jdbi.open();
                Handle cut = jdbi.open()) {
            writer.begin();
            writer.createUpdate(LATE_EVENT).bind("org", org).execute();
            cut.execute("set lock_timeout = '100ms'");
            assertThatThrownBy(() -> cut.execute("create index concurrently %s on %s (org_id, occurred_at)"
                            .formatted(index.replace("analytics.", ""), index.replace("_org_time", ""))))
                    .isInstanceOf(JdbiException.class);
            cut.execute("reset lock_timeout");
            assertThat(isValid(index)).containsExactly(false);
            CompletableFuture<Integer> upkept = CompletableFuture.supplyAsync(upkeep::runOnce);
            await("the index at work").atMost(PATIENCE).until(() -> waiting("index concurrently") == 1);
            store(day, day.plus(1, ChronoUnit.HOURS));
            writer.createUpdate(LATE_EVENT).bind("org", org).execute();
            assertThat(waiting("index concurrently"))
                    .as("still, when both have stored")
                    .isEqualTo(1);
            writer.commit();
            upkept.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        assertThat(isValid(index)).containsExactly(true);
    }

    private List<Boolean> isValid(String index) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select indisvalid from pg_index where indexrelid = to_regclass(:index)")
                        .bind("index", index)
                        .mapTo(Boolean.class)
                        .list());
    }

    private long waiting(String words) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%' || :words || '%'")
                .bind("words", words)
                .mapTo(Long.class)
                .one());
    }

    /** A service that does not own the events leaves a day of more than 64 MB to the owner, and one in use for the next round. */
    @Test
    void theDatabasesFunctionIndexesASmallDayThatNobodyUses() throws Exception {
        if (isTimescale()) {
            return;
        }
        Instant day = today.minus(3, ChronoUnit.DAYS);
        store(day);
        upkeep.runOnce();
        await("the days of other tests").atMost(PATIENCE).until(() -> !indexedSmall());
        String index = "analytics." + indexOf(day);
        execute("drop index " + index);
        try (Handle writer = jdbi.open()) {
            writer.begin();
            writer.createUpdate(LATE_EVENT).bind("org", org).execute();
            assertThat(indexedSmall()).as("while the day is in use").isFalse();
            writer.rollback();
        }
        assertThat(indexedSmall()).isTrue();
        assertThat(isValid(index)).containsExactly(true);
    }

    private boolean indexedSmall() {
        return jdbi.withHandle(handle -> handle.createQuery("select analytics.index_past_events(now())")
                .mapTo(Boolean.class)
                .one());
    }
}

package io.inference.analytics.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.platform.Retention;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.StoredUsage;
import io.inference.analytics.testing.StoredUsage.Event;
import io.inference.analytics.testing.TestBackends;
import java.time.Instant;
import java.time.Period;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hours that are over, in a database of its own: nothing closes them before. */
class ClosingHoursIT {

    private record Kept(Period raw, Period rollups) implements Retention {}

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);
    private final Instant today = Instant.now().truncatedTo(ChronoUnit.DAYS);
    private boolean timescale;
    private Sql database;

    @BeforeEach
    void migrate() {
        Map<String, String> settings = backends.start();
        CommandProcess.Result migrated = CommandProcess.run(settings, "migrate");
        assertThat(migrated.exitCode()).as(migrated.toString()).isZero();
        timescale = settings.get("STORAGE_FLAVOUR").equals("timescale");
        database = new Sql(settings.get("DATABASE_URL"));
    }

    @AfterEach
    void end() {
        backends.stop();
    }

    /** After an outage, hours with their events close in steps, and each of them shows all its events. */
    @Test
    void hoursCloseInBoundedSteps() throws Exception {
        Instant first = today.minus(2, ChronoUnit.DAYS);
        int[] busy = {1, 2, 3, 7, 8, 30};
        UUID org = UUID.randomUUID();
        StoredUsage usage = new StoredUsage();
        for (int offset : busy) {
            usage.add(Event.of(
                    org, UUID.randomUUID(), first.plus(offset, ChronoUnit.HOURS).toString()));
        }
        usage.store(database.dataSource());

        int steps = close(today.minus(30, ChronoUnit.MINUTES));

        assertThat(database.number("select count(*) from analytics.usage_hourly where invocations = 1"))
                .isEqualTo(busy.length);
        if (timescale) {
            assertThat(steps).isGreaterThanOrEqualTo(busy.length);
            assertThat(database.number(
                            "select count(*) from (select analytics.watermark('usage_hourly') as mark) as hourly"
                                    + " where mark >= '" + first.plus(31, ChronoUnit.HOURS) + "'"))
                    .isEqualTo(1);
        }
    }

    private int close(Instant now) {
        RollupRefresh refresh = timescale
                ? new TimescaleRefresh(new Kept(Period.ofDays(400), Period.ofMonths(13)))
                : new PostgresRefresh();
        int[] steps = {1};
        Jdbi.create(database.dataSource()).installPlugin(new PostgresPlugin()).useHandle(handle -> {
            while (refresh.closeNext(handle, now)) {
                steps[0]++;
            }
        });
        return steps[0];
    }
}

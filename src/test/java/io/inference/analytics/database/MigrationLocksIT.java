package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A migration that needs a lock while a long transaction has it. */
class MigrationLocksIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);

    @AfterEach
    void dropDatabase() {
        backends.stop();
    }

    @Test
    void aMigrationLeavesTheQueueOfALockAndComesBack() throws Exception {
        Map<String, String> settings = backends.start();
        Sql database = new Sql(settings.get("DATABASE_URL"));
        // Only the service's own migrations make functions, so all that Flyway itself does goes on.
        database.execute(
                """
                create table public.held ();
                create function public.need_held() returns event_trigger language plpgsql as $$
                begin lock table public.held in access share mode; end $$;
                create event trigger need_held on ddl_command_start when tag in ('CREATE FUNCTION')
                    execute function public.need_held();
                """);
        Set<String> waits = new HashSet<>();
        try (Connection holder = database.dataSource().getConnection();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("lock table public.held in access exclusive mode");
            try (CommandProcess migrate = CommandProcess.start(settings, "migrate")) {
                await("a second wait").atMost(PATIENCE).until(() -> {
                    database.rows("select waitstart::text from pg_locks where not granted and waitstart is not null and"
                                    + " relation = 'public.held'::regclass")
                            .forEach(row -> waits.add(row.toString()));
                    return waits.size() > 1;
                });
                holder.rollback();

                CommandProcess.Result result = migrate.await();

                assertThat(result.exitCode()).as(result.toString()).isZero();
                assertThat(result.out()).contains("schema version").doesNotContain("applied: 0");
            }
        }
    }
}

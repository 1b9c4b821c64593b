package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A version before, on the schema of a later one. */
class NewerSchemaIT {

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);

    @AfterEach
    void dropDatabase() {
        backends.stop();
    }

    @Test
    void migrationsOfALaterVersionAreLeftAlone() {
        Map<String, String> settings = backends.start();
        assertThat(CommandProcess.run(settings, "migrate").exitCode()).isZero();
        new Sql(settings.get("DATABASE_URL"))
                .execute(
                        """
                        insert into analytics.flyway_schema_history (installed_rank, version, description, type, script, checksum,
                            installed_by, execution_time, success)
                        values (9999, '9999', 'of a later version', 'SQL', 'V9999__of_a_later_version.sql', 1, 'later', 1, true)
                        """);

        CommandProcess.Result again = CommandProcess.run(settings, "migrate");

        assertThat(again.exitCode()).as(again.toString()).isZero();
    }
}

package io.inference.analytics.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.devtools.StoredDocument;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.CommandProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TablesPageIT {

    /** Those whose every column is promised. */
    private static final List<String> CORE = List.of(
            "usage_events",
            "usage_hourly",
            "usage_daily",
            "usage_user_daily",
            "latency_hourly",
            "time_to_first_token_hourly",
            "ingestion_batches",
            "ingestion_conflicts",
            "freshness_status",
            "export_jobs",
            "orgs",
            "models",
            "users",
            "audit_log");

    private static final TestBackends BACKENDS = new TestBackends().needing(Backend.POSTGRES);
    private static Map<String, TablesPage.Relation> relations;

    @BeforeAll
    static void migrate() throws SQLException {
        Map<String, String> settings = BACKENDS.start();
        CommandProcess.Result migrated = CommandProcess.run(settings, "migrate");
        assertThat(migrated.exitCode()).as(migrated.toString()).isZero();
        relations = TablesPage.relations(new Sql(settings.get("DATABASE_URL")).dataSource());
    }

    @AfterAll
    static void end() {
        BACKENDS.stop();
    }

    @Test
    void theStoredPageIsWhatTheDatabaseSays() throws IOException {
        StoredDocument.assertStored(TablesPage.PAGE, TablesPage.text(relations));
    }

    @Test
    void everyColumnThatIsPromisedHasAMeaning() {
        assertThat(relations).containsKeys(CORE.toArray(String[]::new));
        for (String name : CORE) {
            assertThat(relations.get(name).columns()).as(name).allSatisfy(column -> assertThat(column.meaning())
                    .as(column.name())
                    .isNotBlank());
        }
    }
}

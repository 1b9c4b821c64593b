package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.net.URI;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which flavour an empty database gets. */
class StorageFlavourIT {

    private final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);
    private String offered;
    private Sql database;

    @BeforeEach
    void createDatabase() {
        Map<String, String> settings = backends.start();
        offered = settings.get("STORAGE_FLAVOUR");
        String url = settings.get("DATABASE_URL");
        database = new Sql(url);
        // Stands for the server's own setting: the extension reads it when it is created.
        database.execute(
                "alter database " + URI.create(url).getPath().substring(1) + " set timescaledb.license = 'apache'");
    }

    @AfterEach
    void dropDatabase() {
        backends.stop();
    }

    private StorageFlavour find(String setting) {
        return Jdbi.create(database.dataSource()).withHandle(handle -> StorageFlavour.find(handle, setting));
    }

    @Test
    void underTheApacheLicenceAutoIsNotTimescale() {
        assertThat(find("auto")).isEqualTo(offered.equals("citus") ? StorageFlavour.CITUS : StorageFlavour.POSTGRES);
        assertThat(find("postgres")).isEqualTo(StorageFlavour.POSTGRES);
    }

    @Test
    void citusIsWhereTheExtensionHasBeenCreated() throws Exception {
        if (offered.equals("citus")) {
            assertThat(find("citus")).isEqualTo(StorageFlavour.CITUS);
            database.execute("drop extension citus");
        }
        assertThat(find("auto")).isEqualTo(StorageFlavour.POSTGRES);
        assertThatThrownBy(() -> find("citus"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "STORAGE_FLAVOUR: citus (expected: a database in which the extension citus has been created,"
                                + " or postgres)");
    }

    @Test
    void underTheApacheLicenceTimescaleIsRefused() {
        assertThatThrownBy(() -> find("timescale"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("STORAGE_FLAVOUR: timescale (expected: ")
                .hasMessageNotContaining("\n");
        if (offered.equals("timescale")) {
            assertThatThrownBy(() -> find("timescale")).hasMessageContaining("timescaledb.license is timescale");
        }
    }
}

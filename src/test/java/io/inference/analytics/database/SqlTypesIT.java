package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.platform.WireNamed;
import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.TestBackends;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How values travel to PostgreSQL and back. */
class SqlTypesIT {

    private enum Colour implements WireNamed {
        DARK_RED;

        @Override
        public String wireName() {
            return "dark-red";
        }
    }

    private static final TestBackends backends = new TestBackends().needing(Backend.POSTGRES);
    private static Jdbi jdbi;

    @BeforeAll
    static void begin() {
        jdbi = SqlTypes.over(Sql.at(backends.start().get("DATABASE_URL")));
    }

    @AfterAll
    static void end() {
        backends.stop();
    }

    private static String text(Object value) {
        return jdbi.withHandle(handle -> handle.createQuery("select :value::text as value")
                .bind("value", value)
                .map(row -> row.getColumn("value", String.class))
                .one());
    }

    @Test
    void anEnumTravelsByItsWireName() {
        assertThat(text(Colour.DARK_RED)).isEqualTo("dark-red");
        assertThat(text(Optional.of(Colour.DARK_RED))).isEqualTo("dark-red");
        assertThat(text(Optional.empty())).isNull();
    }

    @Test
    void anEnumInABatchTravelsByItsWireName() {
        List<String> stored = jdbi.inTransaction(handle -> {
            handle.execute("create temporary table colours (name text) on commit drop");
            try (PreparedBatch batch = handle.prepareBatch("insert into colours (name) values (:name)")) {
                batch.bind("name", Colour.DARK_RED).add();
                batch.bind("name", (Colour) null).add();
                batch.execute();
            }
            return handle.createQuery("select coalesce(name, 'none') from colours")
                    .mapTo(String.class)
                    .list();
        });
        assertThat(stored).containsExactly("dark-red", "none");
    }

    @Test
    void anInstantIsCutToMicroseconds() {
        Instant back = jdbi.withHandle(handle -> handle.createQuery("select :at::timestamptz as at")
                .bind("at", Instant.parse("2026-03-01T10:00:00.123456789Z"))
                .map(row -> row.getColumn("at", Instant.class))
                .one());
        assertThat(back).isEqualTo(Instant.parse("2026-03-01T10:00:00.123456Z"));
    }
}

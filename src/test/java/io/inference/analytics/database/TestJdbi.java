package io.inference.analytics.database;

import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;

/** The service's typed SQL over a test's own connections. */
public final class TestJdbi {

    private TestJdbi() {}

    public static Jdbi over(DataSource connections) {
        return SqlTypes.over(connections);
    }
}

package io.inference.analytics.database;

import io.agroal.api.AgroalDataSource;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.jdbi.v3.core.Jdbi;

/**
 * The pools of {@code application.properties} as the rooms use them: SQL with named parameters, typed bindings and
 * transactions.
 *
 * <p>{@code @Inject Jdbi} is the writers' pool; {@code @DataSource("reads") Jdbi} and its siblings are the others. Requests of
 * the API go through {@link ApiDatabase} instead, which keeps their time bounds.
 */
final class Pools {

    @Produces
    @Singleton
    Jdbi writers(AgroalDataSource pool) {
        return SqlTypes.over(pool);
    }

    @Produces
    @Singleton
    @DataSource("reads")
    Jdbi reads(@DataSource("reads") AgroalDataSource pool) {
        return SqlTypes.over(pool);
    }

    @Produces
    @Singleton
    @DataSource("long-reads")
    Jdbi longReads(@DataSource("long-reads") AgroalDataSource pool) {
        return SqlTypes.over(pool);
    }

    @Produces
    @Singleton
    @DataSource("exports")
    Jdbi exports(@DataSource("exports") AgroalDataSource pool) {
        return SqlTypes.over(pool);
    }

    @Produces
    @Singleton
    @DataSource("audit")
    Jdbi audit(@DataSource("audit") AgroalDataSource pool) {
        return SqlTypes.over(pool);
    }
}

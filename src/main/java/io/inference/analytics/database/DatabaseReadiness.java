package io.inference.analytics.database;

import io.inference.analytics.platform.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that PostgreSQL answers, within the time-outs of the API. Liveness does not depend on it: a restart would not help. */
@Readiness
@ApplicationScoped
class DatabaseReadiness implements HealthCheck {

    private final ApiDatabase database;

    DatabaseReadiness(ApiDatabase database) {
        this.database = database;
    }

    @Override
    public HealthCheckResponse call() {
        try {
            database.read(handle -> handle.execute("select 1"));
            return HealthCheckResponse.up("database");
        } catch (Failure.Unavailable e) {
            return HealthCheckResponse.named("database")
                    .down()
                    .withData("reason", e.getMessage())
                    .build();
        }
    }
}

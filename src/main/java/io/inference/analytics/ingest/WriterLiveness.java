package io.inference.analytics.ingest;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/**
 * Alive means that every writer goes through its loop: storing, trying again, or idle. Neither broker nor database matters here,
 * because a restart would repair neither.
 */
@Liveness
@ApplicationScoped
class WriterLiveness implements HealthCheck {

    private final IngestPipeline pipeline;

    WriterLiveness(IngestPipeline pipeline) {
        this.pipeline = pipeline;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("ingest-writers")
                .status(pipeline.writersProgress())
                .build();
    }
}

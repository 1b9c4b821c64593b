package io.inference.analytics.ingest;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/** Starts and stops the configured transport with its writers. */
@ApplicationScoped
public class Ingestion {

    private static final Logger LOG = Logger.getLogger(Ingestion.class);

    private final IngestConfig config;
    private final IngestPipeline pipeline;
    private final TransportReader reader;
    private final ObservationJob observations;

    Ingestion(
            IngestConfig config,
            IngestPipeline pipeline,
            StreamPosition position,
            BrokerTopology topology,
            BrokerSettings broker,
            QueueChannel queueChannel,
            FatalErrors fatal,
            DataSource dataSource,
            Clock clock) {
        this.config = config;
        this.pipeline = pipeline;
        this.reader = switch (config.transport()) {
            case STREAM -> new StreamReader(pipeline, position, topology, broker, config, fatal, clock);
            case QUEUE -> new QueueConsumer(pipeline, topology, broker, queueChannel, fatal, clock);
        };
        this.observations = new ObservationJob(pipeline, reader, dataSource, clock);
    }

    void onStart(@Observes StartupEvent event) {
        if (!config.enabled()) {
            return;
        }
        LOG.infof("event=ingestion_starting transport=%s replica=%s", pipeline.transportName(), pipeline.replica());
        pipeline.start();
        reader.start();
        observations.start();
    }

    void onStop(@Observes ShutdownEvent event) {
        if (config.enabled()) {
            observations.stop();
            reader.stop();
            pipeline.stop();
        }
    }

    TransportReader reader() {
        return reader;
    }
}

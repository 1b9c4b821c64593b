package io.inference.analytics.ingest;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Jdbi;

/** Starts and stops the configured transport with its writers. */
@ApplicationScoped
public class Ingestion {

    private static final Logger LOG = Logger.getLogger(Ingestion.class);

    private final IngestConfig config;
    private final BrokerSettings broker;
    private final IngestPipeline pipeline;
    private final TransportReader reader;
    private final ObservationJob observations;
    private final IngestMetrics metrics;
    private final Clock clock;

    Ingestion(
            IngestConfig config,
            IngestPipeline pipeline,
            BrokerTopology topology,
            BrokerSettings broker,
            QueueChannel queueChannel,
            FatalErrors fatal,
            IngestMetrics metrics,
            Jdbi jdbi,
            Clock clock) {
        this.config = config;
        this.metrics = metrics;
        this.clock = clock;
        this.pipeline = pipeline;
        StreamCheck check = new StreamCheck(topology);
        ReaderWithLeftovers.Factory readers = (outlet, lane, preparation, refused) -> switch (outlet.transport()) {
            case STREAM ->
                new StreamReader(lane, StreamReader.ALWAYS, preparation, broker, config, check, refused, clock);
            case QUEUE -> new QueueConsumer(lane, preparation, broker, queueChannel, refused, clock);
        };
        List<Outlet> own =
                switch (config.transport()) {
                    case STREAM -> StreamId.configured(config).map(Outlet::of).toList();
                    case QUEUE -> List.of(Outlet.QUEUE);
                };
        TransportReader live = own.size() == 1
                ? readers.of(own.get(0), pipeline, topology::declare, fatal::stop)
                : new PartitionsReader(
                        StreamId.configured(config).toList(),
                        (partition, turn) -> new StreamReader(
                                pipeline.forPartition(partition),
                                turn,
                                () -> topology.declareFor(partition),
                                broker,
                                config,
                                check,
                                fatal::stop,
                                clock),
                        pipeline,
                        topology,
                        config.stream().lease(),
                        fatal::stop,
                        clock);
        this.broker = broker;
        this.reader = new ReaderWithLeftovers(live, own, pipeline, readers, topology, jdbi, clock);
        this.observations = new ObservationJob(pipeline, reader, jdbi, clock);
    }

    void onStart(@Observes StartupEvent event) {
        // Before anything else, so that every series is there from the start.
        metrics.watch(reader, config, clock);
        if (!config.enabled()) {
            return;
        }
        // Fails on a malformed URL, which would otherwise look like a broker that does not answer.
        broker.connectionFactory();
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
            try {
                reader.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    TransportReader reader() {
        return reader;
    }

    /** When the database last took the write that this process makes every second; empty when the ingest is switched off. */
    Optional<Instant> databaseTookWriteAt() {
        return config.enabled() ? Optional.of(observations.lastWrittenAt()) : Optional.empty();
    }
}

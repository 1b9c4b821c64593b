package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEventCodec;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the codec with the service's settings. */
@ApplicationScoped
class CodecProducer {

    @Produces
    @Singleton
    UsageEventCodec codec(IngestConfig config) {
        return new UsageEventCodec(config.rawRetention());
    }
}

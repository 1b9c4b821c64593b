package io.inference.analytics.ingest;

import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.platform.Retention;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the codec with the service's settings. */
@ApplicationScoped
class CodecProducer {

    @Produces
    @Singleton
    UsageEventCodec codec(Retention retention) {
        return new UsageEventCodec(retention.raw());
    }
}

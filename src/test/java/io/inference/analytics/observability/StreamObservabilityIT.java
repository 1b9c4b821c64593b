package io.inference.analytics.observability;

class StreamObservabilityIT extends ObservabilityContract {

    @Override
    String transport() {
        return "stream";
    }

    @Override
    String logLevel() {
        return "debug";
    }
}

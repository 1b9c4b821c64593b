package io.inference.analytics.observability;

class QueueObservabilityIT extends ObservabilityContract {

    @Override
    String transport() {
        return "queue";
    }

    @Override
    String logLevel() {
        return "DEBUG";
    }
}

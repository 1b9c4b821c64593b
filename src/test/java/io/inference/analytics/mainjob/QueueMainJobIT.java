package io.inference.analytics.mainjob;

class QueueMainJobIT extends MainJobContract {

    @Override
    String transport() {
        return "queue";
    }

    @Override
    boolean ordered() {
        return false;
    }
}

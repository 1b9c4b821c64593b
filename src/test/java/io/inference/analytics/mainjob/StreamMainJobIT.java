package io.inference.analytics.mainjob;

class StreamMainJobIT extends MainJobContract {

    @Override
    String transport() {
        return "stream";
    }

    @Override
    boolean ordered() {
        return true;
    }
}

package io.inference.analytics.export;

/** The job is not ours any more: it was cancelled, or another process took it over because we were silent for too long. */
final class HoldLost extends Exception {

    private static final long serialVersionUID = 1;

    HoldLost() {
        super("the job is in other hands", null, false, false);
    }
}

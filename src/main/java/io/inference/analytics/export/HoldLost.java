package io.inference.analytics.export;

/**
 * This process no longer holds the job: a caller cancelled it, or another process took it over
 * because this one was silent for too long.
 */
final class HoldLost extends Exception {

    private static final long serialVersionUID = 1;

    HoldLost() {
        super("this process no longer holds the job", null, false, false);
    }
}

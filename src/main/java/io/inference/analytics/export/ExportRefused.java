package io.inference.analytics.export;

/** A job that cannot succeed, however often it is tried; the message is for people. */
final class ExportRefused extends Exception {

    private static final long serialVersionUID = 1;

    ExportRefused(String message) {
        super(message, null, false, false);
    }
}

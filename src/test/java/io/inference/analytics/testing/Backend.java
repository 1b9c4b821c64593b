package io.inference.analytics.testing;

import java.util.Locale;

/** A server that a test needs, by the names of {@code local-dev/backend}. */
public enum Backend {
    POSTGRES,
    RABBITMQ,
    REDIS,
    S3;

    String scriptName() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.inference.analytics.objectstore;

import java.io.IOException;

/**
 * The file store did not do what was requested. The message is for people: it has no address, key
 * or secret.
 */
public final class StoreTrouble extends IOException {

    private static final long serialVersionUID = 1;

    StoreTrouble(String message, Throwable cause) {
        super(message, cause);
    }
}

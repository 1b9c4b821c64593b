package io.inference.analytics.objectstore;

import java.io.IOException;

/** The file store does not do what it is asked for. The message is for people: no address, no key, no secret. */
public final class StoreTrouble extends IOException {

    private static final long serialVersionUID = 1;

    StoreTrouble(String message, Throwable cause) {
        super(message, cause);
    }
}

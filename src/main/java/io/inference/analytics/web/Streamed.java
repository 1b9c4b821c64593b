package io.inference.analytics.web;

import java.io.IOException;
import java.time.Duration;

/**
 * The body of an answer that is made while it is sent. What can fail at once should have failed before it is handed over: from
 * the first byte on a failure can only cut the connection.
 */
public interface Streamed {

    /**
     * The next bytes; null at the end. May block.
     *
     * @throws IOException when the body cannot be completed: then the connection is cut
     */
    byte[] next() throws IOException;

    /** How long the client may take nothing before its connection is cut. */
    Duration stallTimeout();

    /** Called whatever happened; a second time it does nothing. */
    void close(boolean complete);
}

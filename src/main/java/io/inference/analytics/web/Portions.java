package io.inference.analytics.web;

import java.time.Duration;
import java.util.Arrays;

/**
 * A large body that is made already. As one buffer it would be copied outside of the heap as a whole, and stay there for as long
 * as the client takes; sent in portions, a few hundred KiB are.
 */
final class Portions implements Streamed {

    private static final int PORTION_BYTES = 64 * 1024;
    private static final Duration STALL = Duration.ofSeconds(30);

    private final byte[] body;
    private int sent;

    Portions(byte[] body) {
        this.body = body;
    }

    @Override
    public byte[] next() {
        if (sent == body.length) {
            return null;
        }
        int from = sent;
        sent = Math.min(body.length, from + PORTION_BYTES);
        return Arrays.copyOfRange(body, from, sent);
    }

    @Override
    public Duration stallTimeout() {
        return STALL;
    }

    /** There is nothing to close. */
    @Override
    public void close(boolean complete) {}
}

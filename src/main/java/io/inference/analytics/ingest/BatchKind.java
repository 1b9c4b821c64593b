package io.inference.analytics.ingest;

import io.inference.analytics.platform.WireNamed;

/** Why a batch was read. */
enum BatchKind implements WireNamed {
    /** In its turn; on transport stream it continues the sequence of committed offsets. */
    LIVE("live"),
    /** Again, on demand; its offsets were committed before, and it moves no position. */
    REPLAY("replay");

    private final String wireName;

    BatchKind(String wireName) {
        this.wireName = wireName;
    }

    @Override
    public String wireName() {
        return wireName;
    }
}

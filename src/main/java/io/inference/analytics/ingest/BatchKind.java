package io.inference.analytics.ingest;

/** Why a batch was read. */
enum BatchKind {
    /** In its turn; on transport stream it continues the sequence of committed offsets. */
    LIVE("live"),
    /** Once more, on demand; its offsets were committed before and it moves no position. */
    REPLAY("replay");

    private final String wireName;

    BatchKind(String wireName) {
        this.wireName = wireName;
    }

    String wireName() {
        return wireName;
    }
}

package io.inference.analytics.ingest;

/**
 * What a lane has committed ahead of the position: everything that it has to store of the messages up to {@code last}, inclusive.
 * That stays true when the number of lanes changes.
 *
 * @param lanes how many lanes there were
 * @param lane which of them
 * @param ofOlderRule whether a version may have set it that kept what it refused in other lanes; then it is true of events only
 */
record LaneMark(int lanes, int lane, StreamPlace.Mark last, boolean ofOlderRule) {

    LaneMark(int lanes, int lane, StreamPlace.Mark last) {
        this(lanes, lane, last, false);
    }

    boolean covers(int slot, long offset) {
        return offset <= last.offset() && slot % lanes == lane;
    }
}

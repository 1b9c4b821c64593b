package io.inference.analytics.ingest;

import java.sql.SQLException;

/** What became of all events, as the stored batches say. */
record OutcomeSums(long received, long stored, long duplicates, long conflicts, long deadLettered) {

    static OutcomeSums of(IngestLab lab) throws SQLException {
        return new OutcomeSums(
                sum(lab, "received"),
                sum(lab, "stored"),
                sum(lab, "duplicates"),
                sum(lab, "conflicts"),
                sum(lab, "dead_lettered"));
    }

    static long sum(IngestLab lab, String column) throws SQLException {
        return lab.number("select coalesce(sum(" + column + "), 0) from analytics.ingestion_batches");
    }

    OutcomeSums minus(OutcomeSums other) {
        return new OutcomeSums(
                received - other.received,
                stored - other.stored,
                duplicates - other.duplicates,
                conflicts - other.conflicts,
                deadLettered - other.deadLettered);
    }
}

package io.inference.analytics.reliability;

import io.inference.analytics.database.SqlState;
import io.inference.analytics.reliability.IncidentQuery.Position;
import io.inference.analytics.web.Streamed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.postgresql.copy.CopyOut;
import org.postgresql.jdbc.PgConnection;

/**
 * A running export; it holds a connection and its snapshot until it is closed. Lines end as in RFC
 * 4180; cells with quotes, commas or line breaks are quoted.
 */
final class IncidentCsv implements Streamed {

    private static final Logger LOG = Logger.getLogger(IncidentCsv.class);

    /** Rows are passed on together, as a row has only some 300 bytes. */
    private static final int PORTION_BYTES = 32 * 1024;

    private final Connection connection;
    private final CopyOut copy;
    private final Optional<Position> last;
    private final Duration stallTimeout;
    private Runnable afterwards = () -> {};
    private byte[] ahead;
    private boolean begun;
    private boolean closed;
    private long rows;

    /** Waits for the first row, so that a query that fails does so before anything is sent. */
    IncidentCsv(Connection connection, CopyOut copy, Optional<Position> last, Duration stallTimeout)
            throws SQLException {
        this.connection = connection;
        this.copy = copy;
        this.last = last;
        this.stallTimeout = stallTimeout;
        this.ahead = copy.readFromCopy();
    }

    /** The position of the last row, if more rows follow it. */
    Optional<Position> last() {
        return last;
    }

    /** Sets what to do when the export is closed. */
    void afterwards(Runnable work) {
        afterwards = work;
    }

    @Override
    public byte[] next() throws IOException {
        if (!begun) {
            begun = true;
            return IncidentExportStore.header();
        }
        if (ahead == null) {
            return null;
        }
        ByteArrayOutputStream portion = new ByteArrayOutputStream(PORTION_BYTES + 4096);
        try {
            while (ahead != null && portion.size() < PORTION_BYTES) {
                // COPY sends one message per row, ended by a line feed.
                portion.write(ahead, 0, ahead.length - 1);
                portion.write('\r');
                portion.write('\n');
                rows++;
                // The driver refuses to read beyond the end, and an empty export is at its end at
                // once.
                ahead = copy.readFromCopy();
            }
            return portion.toByteArray();
        } catch (SQLException e) {
            throw new IOException("SQLState " + SqlState.of(e), e);
        }
    }

    @Override
    public Duration stallTimeout() {
        return stallTimeout;
    }

    @Override
    public void close(boolean complete) {
        if (closed) {
            return;
        }
        closed = true;
        try (connection) {
            if (complete) {
                connection.rollback();
            } else {
                // Not fit for the pool: what the server still sends would be read as the answer to
                // the next statement. The abort() of the pool's wrapper does not reach the
                // connection, and the server would go on sending.
                connection.unwrap(PgConnection.class).abort(Runnable::run);
            }
        } catch (SQLException e) {
            LOG.debugf(e, "event=incident_export_close");
        } finally {
            afterwards.run();
            LOG.infof("event=incident_export complete=%s rows=%d", complete, rows);
        }
    }
}

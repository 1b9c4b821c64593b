package io.inference.analytics.ingest;

import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.Decoded.Rejected;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEventCodec;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Decodes messages. An event is refused for its time only when the database's clock refuses it, too: a replica whose clock is wrong
 * would refuse good events that another one stores.
 */
@ApplicationScoped
public class EventDecoder {

    private static final Logger LOG = Logger.getLogger(EventDecoder.class);

    private final UsageEventCodec codec;
    private final Clock clock;
    private final DatabaseClock databaseClock;

    @Inject
    EventDecoder(UsageEventCodec codec, Clock clock, DataSource dataSource) {
        this.codec = codec;
        this.clock = clock;
        this.databaseClock = new DatabaseClock(dataSource);
    }

    /** @throws SQLException when the time of an event is in doubt and the database does not answer */
    List<Decoded> decode(byte[] body) throws SQLException {
        List<Decoded> decoded = codec.decode(body, clock.instant());
        return isTimeRefused(decoded) ? codec.decode(body, databaseClock.now()) : decoded;
    }

    /** The same for a caller who is not to wait for the database: without it, our own clock decides. */
    public List<Decoded> decodeNow(byte[] body) {
        try {
            return decode(body);
        } catch (SQLException e) {
            LOG.debugf("event=database_clock_not_read cause=%s", e.getMessage());
            return codec.decode(body, clock.instant());
        }
    }

    private static boolean isTimeRefused(List<Decoded> decoded) {
        for (Decoded item : decoded) {
            if (item instanceof Rejected rejected && rejected.reason() == RejectReason.TIMESTAMP_OUT_OF_RANGE) {
                return true;
            }
        }
        return false;
    }
}

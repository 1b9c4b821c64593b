package io.inference.analytics.ingest;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.Decoded.Rejected;
import io.inference.analytics.event.FieldFault;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.platform.EndsBeforeStop;
import io.quarkus.agroal.DataSource;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Decodes messages. The clock of the database says which time an event may have, for each event by itself: a replica whose own
 * clock is wrong would refuse good events, and accept some that every other replica refuses.
 */
@ApplicationScoped
public class EventDecoder {

    private final UsageEventCodec codec;
    private final Clock clock;
    private final DatabaseClock databaseClock;

    @Inject
    EventDecoder(
            UsageEventCodec codec,
            Clock clock,
            javax.sql.DataSource database,
            @DataSource("reads") AgroalDataSource quick) {
        this(codec, clock, new DatabaseClock(database, quick, clock));
    }

    EventDecoder(UsageEventCodec codec, Clock clock, DatabaseClock databaseClock) {
        this.codec = codec;
        this.clock = clock;
        this.databaseClock = databaseClock;
    }

    /**
     * Waits for the database when its time is not known, or before an event is refused by an old reading of it.
     *
     * @throws SQLException when the database does not answer then
     */
    List<Decoded> decode(byte[] body) throws SQLException {
        Optional<Instant> guess = databaseClock.sureGuess();
        if (guess.isPresent()) {
            List<Decoded> decoded = codec.decode(body, guess.get());
            if (!isTimeRefused(decoded)) {
                return decoded;
            }
        }
        return codec.decode(body, databaseClock.now());
    }

    /** The same for a caller who is not to wait: never asks the database. */
    public List<Decoded> decodeNow(byte[] body) {
        return codec.decode(body, withoutWaiting());
    }

    /** Every fault for which {@link #decodeNow} would refuse something of the message. */
    List<FieldFault> faultsNow(byte[] body) {
        return codec.faults(body, withoutWaiting());
    }

    /** Keeps the time of the database known, where nothing is ingested, too; waits some seconds at most. */
    @EndsBeforeStop
    @Scheduled(every = "10s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void readClock() {
        databaseClock.refresh();
    }

    /** Our own clock decides only before the database's was read for the first time. */
    private Instant withoutWaiting() {
        return databaseClock.guess().orElseGet(clock::instant);
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

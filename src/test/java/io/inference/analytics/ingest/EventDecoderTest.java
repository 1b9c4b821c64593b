package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.testing.MovedClock;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The time by which an event is judged, while the database never answers, and when a clock of this machine stood still. */
class EventDecoderTest {

    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch never = new CountDownLatch(1);

    private final DataSource hanging = (DataSource) Proxy.newProxyInstance(
            DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                asked.countDown();
                never.await();
                return null;
            });

    private final EventDecoder decoder = new EventDecoder(
            new UsageEventCodec(), Clock.systemUTC(), new DatabaseClock(hanging, hanging, Clock.systemUTC()));

    /**
     * While a machine sleeps, what measures durations stands still. Its clock shows the time that passed; so it does when
     * somebody has set it wrong, and only the database knows which.
     */
    @ParameterizedTest
    @CsvSource({"8h asleep, 8, true", "a clock set ahead, 0, false"})
    void theDatabaseIsAskedAgainWhenOurClocksDisagree(String what, int hoursAtDatabase, boolean accepted)
            throws SQLException {
        Instant begin = Instant.now();
        AtomicReference<Instant> databaseTime = new AtomicReference<>(begin);
        AtomicReference<Instant> ownTime = new AtomicReference<>(begin);
        DataSource database = answering(databaseTime);
        Clock own = new MovedClock(ownTime::get);
        EventDecoder awake = new EventDecoder(new UsageEventCodec(), own, new DatabaseClock(database, database, own));
        assertThat(awake.decode(eventAt(begin))).singleElement().isInstanceOf(Decoded.Accepted.class);
        ownTime.set(begin.plus(Duration.ofHours(8)));
        databaseTime.set(begin.plus(Duration.ofHours(hoursAtDatabase)));
        assertThat(awake.decode(eventAt(begin.plus(Duration.ofHours(8)))).get(0) instanceof Decoded.Accepted)
                .as(what)
                .isEqualTo(accepted);
        awake.readClock();
        assertThat(awake.decodeNow(eventAt(begin.plus(Duration.ofHours(8)))).get(0) instanceof Decoded.Accepted)
                .as(what)
                .isEqualTo(accepted);
    }

    /** The splitter looks at the clock again and again, for each look waits for a connection. */
    @Test
    void whileOurClocksDisagreeADatabaseThatFailsIsNotAskedAgainAndAgain() throws SQLException {
        AtomicReference<Instant> ownTime = new AtomicReference<>(Instant.now());
        AtomicReference<Instant> databaseTime = new AtomicReference<>(Instant.now());
        AtomicInteger questions = new AtomicInteger();
        DataSource failing = standIn(DataSource.class, method -> {
            questions.incrementAndGet();
            throw new IllegalStateException("away");
        });
        Clock own = new MovedClock(ownTime::get);
        EventDecoder cut =
                new EventDecoder(new UsageEventCodec(), own, new DatabaseClock(answering(databaseTime), failing, own));
        cut.decode(eventAt(ownTime.get()));
        ownTime.updateAndGet(time -> time.plus(Duration.ofHours(8)));
        for (int look = 0; look < 10_000; look++) {
            cut.readClock();
        }
        assertThat(questions.get()).isBetween(1, 100);
    }

    private static byte[] eventAt(Instant time) {
        return EventJson.minimal().with("occurredAt", "\"" + time + "\"").bytes();
    }

    /** Whatever is asked, connections, statements and rows give this time. */
    private static DataSource answering(AtomicReference<Instant> time) {
        ResultSet row = standIn(
                ResultSet.class,
                method -> method.equals("next") ? true : time.get().atOffset(ZoneOffset.UTC));
        Statement statement = standIn(Statement.class, method -> row);
        Connection connection = standIn(Connection.class, method -> statement);
        return standIn(DataSource.class, method -> connection);
    }

    private static <T> T standIn(Class<T> type, Function<String, Object> answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) ->
                        method.getReturnType() == void.class ? null : answer.apply(method.getName())));
    }

    @Test
    void noCallerWaitsForAHangingDatabase() throws Exception {
        byte[] tomorrow = EventJson.minimal()
                .with("occurredAt", "\"" + Instant.now().plus(Duration.ofDays(1)) + "\"")
                .bytes();
        Thread ingest = new Thread(decoder::readClock);
        ingest.start();
        try {
            asked.await();
            List<Decoded> decoded = assertTimeoutPreemptively(AT_ONCE, () -> decoder.decodeNow(tomorrow));
            assertThat(decoded).singleElement().isInstanceOf(Decoded.Rejected.class);
            assertThat(assertTimeoutPreemptively(AT_ONCE, () -> decoder.faultsNow(tomorrow)))
                    .singleElement()
                    .satisfies(fault -> assertThat(fault.field()).isEqualTo("occurredAt"));
        } finally {
            ingest.interrupt();
            ingest.join();
        }
    }
}

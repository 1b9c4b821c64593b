package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.agroal.api.AgroalDataSource;
import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.UsageEventCodec;
import io.inference.analytics.testing.MovedClock;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A replica whose clock is wrong refuses no event that another replica stores, and stores none that another one refuses. */
@QuarkusTest
@WithBackends
class EventDecoderIT {

    @Inject
    AgroalDataSource database;

    @Inject
    UsageEventCodec codec;

    private EventDecoder withClock(Duration ahead, DataSource dataSource) {
        Clock own = new MovedClock(() -> Instant.now().plus(ahead));
        return new EventDecoder(codec, own, new DatabaseClock(dataSource, dataSource, own));
    }

    private static byte[] eventAt(Instant time) {
        return EventJson.minimal().with("occurredAt", "\"" + time + "\"").bytes();
    }

    private static boolean isAccepted(List<Decoded> decoded) {
        return decoded.get(0) instanceof Decoded.Accepted;
    }

    @ParameterizedTest
    @ValueSource(ints = {-100_000, -120, 0, 120, 100_000})
    void anEventOfNowIsAcceptedWhateverOurClockShows(int minutesAhead) throws SQLException {
        EventDecoder decoder = withClock(Duration.ofMinutes(minutesAhead), database);
        assertThat(isAccepted(decoder.decode(eventAt(Instant.now())))).isTrue();
    }

    @Test
    void anEventOfTomorrowIsRefused() throws SQLException {
        for (int minutesAhead : List.of(-120, 0, 120)) {
            EventDecoder decoder = withClock(Duration.ofMinutes(minutesAhead), database);
            assertThat(isAccepted(decoder.decode(eventAt(Instant.now().plus(Duration.ofDays(1))))))
                    .as("minutes ahead: %d", minutesAhead)
                    .isFalse();
        }
    }

    @Test
    void eachEventOfAnArrayIsJudgedByItself() throws SQLException {
        Instant now = Instant.now();
        byte[] body = Stream.of(now, now.plus(Duration.ofMinutes(10)), now.minus(Duration.ofDays(1)))
                .map(time -> new String(eventAt(time), StandardCharsets.UTF_8))
                .collect(Collectors.joining(",", "[", "]"))
                .getBytes(StandardCharsets.UTF_8);
        for (int minutesAhead : List.of(-120, 0, 120)) {
            EventDecoder decoder = withClock(Duration.ofMinutes(minutesAhead), database);
            assertThat(decoder.decode(body))
                    .extracting(Decoded.Accepted.class::isInstance)
                    .as("minutes ahead: %d", minutesAhead)
                    .containsExactly(true, false, true);
            assertThat(decoder.decodeNow(body))
                    .extracting(Decoded.Accepted.class::isInstance)
                    .containsExactly(true, false, true);
            assertThat(decoder.faultsNow(body)).singleElement().satisfies(fault -> assertThat(fault.field())
                    .isEqualTo("[1].occurredAt"));
        }
    }

    /** As one that only answers requests: its tick is all that asks the database. */
    @Test
    void aReplicaThatIngestsNothingKnowsTheTime() {
        for (int minutesAhead : List.of(-120, 120)) {
            EventDecoder decoder = withClock(Duration.ofMinutes(minutesAhead), database);
            decoder.readClock();
            assertThat(isAccepted(decoder.decodeNow(eventAt(Instant.now()))))
                    .as("minutes ahead: %d", minutesAhead)
                    .isTrue();
            assertThat(isAccepted(decoder.decodeNow(eventAt(Instant.now().plus(Duration.ofMinutes(10))))))
                    .as("minutes ahead: %d", minutesAhead)
                    .isFalse();
        }
    }

    @Test
    void withoutTheDatabaseNothingIsRefusedForItsTime() {
        PGSimpleDataSource nowhere = new PGSimpleDataSource();
        nowhere.setUrl("jdbc:postgresql://127.0.0.1:1/none");
        EventDecoder decoder = withClock(Duration.ofHours(-2), nowhere);
        byte[] body = eventAt(Instant.now());
        assertThatThrownBy(() -> decoder.decode(body)).isInstanceOf(SQLException.class);
        assertThat(isAccepted(decoder.decodeNow(body)))
                .as("a caller gets an answer of our own clock")
                .isFalse();
    }
}

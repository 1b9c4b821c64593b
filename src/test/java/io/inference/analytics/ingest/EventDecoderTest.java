package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.inference.analytics.devtools.EventJson;
import io.inference.analytics.event.Decoded;
import io.inference.analytics.event.UsageEventCodec;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** A caller gets an answer at once, also while the database never gives one. */
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

    private final EventDecoder decoder =
            new EventDecoder(new UsageEventCodec(), Clock.systemUTC(), new DatabaseClock(hanging, hanging));

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

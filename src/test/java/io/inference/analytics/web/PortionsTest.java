package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortionsTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64 * 1024, 64 * 1024 + 1, 1_000_000})
    void theyAreTheBody(int length) {
        byte[] body = new byte[length];
        new Random(length).nextBytes(body);
        Portions portions = new Portions(body);
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (byte[] next = portions.next(); next != null; next = portions.next()) {
            assertThat(next).hasSizeBetween(1, 64 * 1024);
            sent.writeBytes(next);
        }
        assertThat(sent.toByteArray()).isEqualTo(body);
    }
}

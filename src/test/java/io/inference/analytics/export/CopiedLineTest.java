package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CopiedLineTest {

    private static CopiedLine line(String text) {
        return new CopiedLine(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void cellsComeInTheirOrder() {
        CopiedLine line = line("12\t0a-b\t\\N\t-3\t0.10\n");
        assertThat(line.number()).isEqualTo(12);
        assertThat(line.text()).isEqualTo("0a-b");
        assertThat(line.text()).isNull();
        assertThat(line.number()).isEqualTo(-3);
        assertThat(line.text()).isEqualTo("0.10");
    }

    @Test
    void numbersKeepTheirValueUpToTheLastOne() {
        for (long number : new long[] {0, 999_999_999_999_999_999L, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            assertThat(line(number + "\n").number()).isEqualTo(number);
        }
        assertThatThrownBy(() -> line("1x\n").number()).isInstanceOf(NumberFormatException.class);
        assertThatThrownBy(() -> line("\\N\n").number()).isInstanceOf(NumberFormatException.class);
    }
}

package io.inference.analytics.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTextTest {

    private static final int CHARS_MAX = 12;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plain|plain",
                "'a\0b'|'a?b'",
                "'a\r\nb\tc'|'a??b?c'",
                "'\u001b[31m'|'?[31m'",
                "'\u202eabc\u200f'|'?abc?'",
                "'a\u2028b\u2029'|'a?b?'",
                "'\ud83d\ude00'|'\ud83d\ude00'",
                "'a\ud83d'|'a?'",
                "'\ude00a'|'?a'",
                "'twelve chars'|'twelve chars'",
                "'thirteen char'|'thirteen ...'",
                "'12345678\ud83d\ude00123'|'12345678?...'",
                "''|''"
            })
    void textIsOneLineOfBoundedLength(String text, String printable) {
        assertThat(PrintableText.of(text, CHARS_MAX)).isEqualTo(printable);
    }

    @Test
    void bytesThatAreNotUtf8StayPrintable() {
        String text = new String(new byte[] {'a', (byte) 0xff, (byte) 0xc3}, StandardCharsets.UTF_8);
        assertThat(PrintableText.of(text, CHARS_MAX)).isEqualTo("a\ufffd\ufffd");
    }
}

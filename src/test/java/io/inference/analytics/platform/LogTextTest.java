package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTextTest {

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\0", "\u001b", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b"})
    void aLineHasNothingThatMovesTheCursorOrTurnsTheDirection(String mark) {
        assertThat(LogText.line("a" + mark + "b")).isEqualTo("a b");
    }

    @Test
    void aLineKeepsTheTextOfOtherLanguages() {
        assertThat(LogText.line("naïve 日本 😀")).isEqualTo("naïve 日本 😀");
    }

    @Test
    void aQuotedTextCannotLookLikeAnotherField() {
        assertThat(LogText.quoted("a b=\"c\"\n")).isEqualTo("\"a b=?c??\"");
        assertThat(LogText.quoted("word")).isEqualTo("word");
        assertThat(LogText.quoted(null)).isEqualTo("-");
    }
}

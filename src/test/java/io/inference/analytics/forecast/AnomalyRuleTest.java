package io.inference.analytics.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnomalyRuleTest {

    private static final AnomalyRule RULE = new AnomalyRule(BigDecimal.valueOf(1_000));

    private static List<BigDecimal> weeks(String cents) {
        return Arrays.stream(cents.split(" ")).map(BigDecimal::new).toList();
    }

    @ParameterizedTest
    @CsvSource({
        // Steady: half as much again and the minimum decide.
        "15000, 10000 10000 10000 10000, true",
        "14999, 10000 10000 10000 10000, false",
        "5000, 10000 10000 10000 10000, true",
        "1000, 0 0 0 0, true",
        "999, 0 0 0 0, false",
        "200, 100 100 100 100, false",
        // Noisy: the deviation decides.
        "22000, 8000 12000 8000 12000 10000 10000 7000 13000, true",
        "21000, 8000 12000 8000 12000 10000 10000 7000 13000, false",
        // An unusual week hides nothing.
        "20000, 10000 10000 90000 10000, true",
        // Too few weeks.
        "99999, 100 100 100, false"
    })
    void aDepartureIsUnusualWhenAllLimitsSay(BigDecimal cents, String before, boolean unusual) {
        assertThat(RULE.judge(cents, weeks(before)).isPresent()).isEqualTo(unusual);
    }

    @Test
    void lessIsUnusualToo() {
        assertThat(RULE.judge(BigDecimal.ZERO, weeks("5000 5000 5000 5000"))).hasValueSatisfying(departure -> {
            assertThat(departure.isHigher()).isFalse();
            assertThat(departure.difference()).isEqualByComparingTo("-5000");
        });
    }
}

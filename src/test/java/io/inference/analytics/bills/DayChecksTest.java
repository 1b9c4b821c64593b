package io.inference.analytics.bills;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.DayAnswer;
import io.inference.analytics.provider.DayRow;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DayChecksTest {

    private static final DayChecks.Limits LIMITS =
            new DayChecks.Limits(new BigDecimal("100"), new BigDecimal("1000"), new BigDecimal("1500"));

    private static DayRow row(String model, String usd, String currency) {
        return DayRow.of(
                Arrays.asList(null, model, "output_tokens", "tokens", "standard", null, null, null),
                Arrays.asList(new BigDecimal(usd), currency));
    }

    private static String fault(boolean released, String sourceTotal, DayRow... rows) {
        DayAnswer answer = new DayAnswer(List.of(rows), List.of(), rows.length, new BigDecimal(sourceTotal));
        return DayChecks.fault(Dataset.COST, answer, LIMITS, released)
                .map(DayChecks.Fault::code)
                .orElse("");
    }

    @Test
    void rowsAndPagesMayDifferByACent() {
        assertThat(fault(false, "5.01", row("a", "5", "USD"))).isEmpty();
        assertThat(fault(false, "4.99", row("a", "5", "USD"))).isEmpty();
        assertThat(fault(false, "5.0100000001", row("a", "5", "USD"))).isEqualTo("sum_differs");
        assertThat(fault(false, "4.9899999999", row("a", "5", "USD"))).isEqualTo("sum_differs");
        assertThat(fault(true, "4.98", row("a", "5", "USD")))
                .as("nobody can release what does not add up")
                .isEqualTo("sum_differs");
    }

    @Test
    void limitsAreStillAllowedAndAPersonMayGoBeyondThem() {
        DayRow large = row("a", "1000", "USD");
        assertThat(fault(false, "1500", large, row("b", "500", "USD"))).isEmpty();
        assertThat(fault(false, "1500.0001", large, row("b", "500.0001", "USD")))
                .isEqualTo("day_too_large");
        assertThat(fault(false, "1000.0001", row("a", "1000.0001", "USD"))).isEqualTo("row_too_large");
        assertThat(fault(true, "4000", row("a", "4000", "USD"))).isEmpty();
    }

    @Test
    void aCreditIsBookedAndALargeOneWaitsForAPerson() {
        DayRow charge = row("a", "100", "USD");
        assertThat(fault(false, "98.795", charge, row("b", "-1.205", "USD"))).isEmpty();
        assertThat(fault(false, "0", charge, row("b", "-100", "USD"))).isEmpty();
        assertThat(fault(false, "-0.0001", charge, row("b", "-100.0001", "USD")))
                .isEqualTo("day_negative");
        assertThat(fault(true, "-0.0001", charge, row("b", "-100.0001", "USD"))).isEmpty();
        assertThat(fault(false, "-900.0001", charge, row("b", "-1000.0001", "USD")))
                .isEqualTo("row_too_large");
    }

    @Test
    void whatIsWrongInItselfStaysOutWhoeverReleasesIt() {
        assertThat(fault(true, "0", row("a", "0", "USD"))).isEmpty();
        assertThat(fault(true, "1", row("a", "1", "EUR"))).isEqualTo("currency");
        assertThat(fault(true, "1", row("a", "1", null))).isEqualTo("currency");
        assertThat(fault(true, "2", row("a", "1", "USD"), row("a", "1", "USD"))).isEqualTo("duplicate_line");
        DayAnswer lost = new DayAnswer(List.of(row("a", "1", "USD")), List.of(), 2, BigDecimal.ONE);
        assertThat(DayChecks.fault(Dataset.COST, lost, LIMITS, true).map(DayChecks.Fault::code))
                .isEqualTo(Optional.of("rows_missing"));
    }
}

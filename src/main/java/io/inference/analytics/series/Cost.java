package io.inference.analytics.series;

import java.math.BigDecimal;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An exact amount of money, as answers show it. */
@Schema(name = "Cost")
public record Cost(
        @Schema(
                        examples = "12.3456",
                        description = "Dollars, exact: a plain decimal without exponent and without trailing zeros")
                String amount,
        @Schema(examples = "USD", description = "ISO 4217") String currency) {

    /** Cents are hundredths: nothing is rounded. No exponent and no trailing zeros, so equal amounts are equal texts. */
    public static Cost ofCents(BigDecimal cents) {
        BigDecimal dollars = cents.movePointLeft(2);
        return new Cost(
                dollars.signum() == 0 ? "0" : dollars.stripTrailingZeros().toPlainString(), "USD");
    }
}

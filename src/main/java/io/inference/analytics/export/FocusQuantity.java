package io.inference.analytics.export;

import java.math.BigDecimal;
import org.jdbi.v3.core.result.RowView;

/**
 * How much of something was charged for.
 *
 * @param amount above zero
 * @param unit what is counted, in the plural
 * @param basis who counted it, as the files say it
 */
record FocusQuantity(BigDecimal amount, String unit, String basis) {

    static final String TOKENS = "Tokens";
    static final String REQUESTS = "Requests";
    static final String CHARGES = "Charges";

    /** The bill itself says how much it charges for. */
    static final String BILL = "Bill";

    static final String USAGE_REPORT = "UsageReport";

    /** How many daily charges a row sums up: no report counts the thing. */
    static FocusQuantity charges(long count) {
        return new FocusQuantity(BigDecimal.valueOf(count), CHARGES, CHARGES);
    }

    static FocusQuantity of(RowView row) {
        return new FocusQuantity(
                row.getColumn("quantity", BigDecimal.class),
                row.getColumn("unit", String.class),
                row.getColumn("basis", String.class));
    }

    boolean counted() {
        return !basis.equals(CHARGES);
    }

    /** In units of the price. */
    BigDecimal priced() {
        return amount.movePointLeft(blockDigits());
    }

    String pricingUnit() {
        return blockDigits() == 0 ? unit : "1" + "0".repeat(blockDigits()) + " " + unit;
    }

    /** Zeros of the block that is priced. */
    private int blockDigits() {
        return switch (unit) {
            case TOKENS -> 6;
            case REQUESTS -> 3;
            default -> 0;
        };
    }
}

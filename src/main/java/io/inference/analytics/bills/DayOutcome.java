package io.inference.analytics.bills;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Optional;

/**
 * The result of importing one day of one data set.
 *
 * @param revision of the stored day; 0 when none is stored
 * @param amountUsd billed US dollars, where the data set bills and the day was stored or unchanged
 * @param detail why it failed
 */
public record DayOutcome(
        String dataset,
        LocalDate date,
        ImportStatus status,
        int revision,
        int rows,
        Optional<BigDecimal> amountUsd,
        Optional<String> detail) {}

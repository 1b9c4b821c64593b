package io.inference.analytics.bills;

import io.inference.analytics.provider.Dataset;
import io.inference.analytics.provider.Provider;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The days that a slot of the schedule reads: its own, every missing day since the first import, and
 * the days of a month whose close was missed.
 */
record DueDays(LedgerQueries ledger, LocalDate yesterday) {

    /**
     * @param own the slot's own days
     * @param closed when the month before was to be closed, once that is over
     */
    Map<Dataset, SortedSet<LocalDate>> of(
            Provider provider, String org, Map<Dataset, SortedSet<LocalDate>> own, Optional<Instant> closed) {
        Map<Dataset, SortedSet<LocalDate>> wanted = new EnumMap<>(Dataset.class);
        own.forEach((dataset, days) -> wanted.put(dataset, new TreeSet<>(days)));
        for (LedgerQueries.Gap gap : ledger.gaps(provider, Optional.empty(), yesterday)) {
            if (gap.orgRef().equals(org)) {
                wanted.get(Dataset.of(provider, gap.dataset())).add(gap.date());
            }
        }
        if (closed.isPresent()) {
            YearMonth month =
                    YearMonth.from(closed.get().atOffset(ZoneOffset.UTC)).minusMonths(1);
            wanted.forEach((dataset, days) -> {
                if (dataset.hasPast()) {
                    days.addAll(ledger.checkedBefore(dataset, org, month.atDay(1), month.atEndOfMonth(), closed.get()));
                }
            });
        }
        return wanted;
    }
}

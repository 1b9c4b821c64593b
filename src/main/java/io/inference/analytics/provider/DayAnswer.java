package io.inference.analytics.provider;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All that a provider says about one day of a data set, to its last page.
 *
 * @param rows in the order they came
 * @param pages the answers cut to this day, as JSON text without secrets
 * @param items how many rows the pages hold, counted apart from the rows
 * @param sourceTotal the billed amount in US dollars, added up from the pages apart from the rows; null where there is none
 * @param fault what of the answer can not be read; such a day is not stored
 */
public record DayAnswer(
        List<DayRow> rows, List<String> pages, int items, BigDecimal sourceTotal, Optional<String> fault) {

    public DayAnswer(List<DayRow> rows, List<String> pages, int items, BigDecimal sourceTotal) {
        this(rows, pages, items, sourceTotal, Optional.empty());
    }

    public DayAnswer {
        rows = List.copyOf(rows);
        pages = List.copyOf(pages);
    }

    /** The content of the day whatever the order of its rows. */
    public byte[] contentHash() {
        List<String> contents =
                new ArrayList<>(rows.stream().map(DayRow::content).sorted().toList());
        contents.add(Integer.toString(rows.size()));
        return DayRow.sha256(String.join("\n", contents));
    }
}

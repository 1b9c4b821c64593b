package io.inference.analytics.provider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The requested days while their pages are read. Items of other days are dropped. */
final class DayDrafts {

    /** Turns an item into a row. */
    interface RowReader {
        DayRow read(JsonNode item) throws ProviderTrouble;
    }

    /** The part of one day that has been read so far. */
    final class Draft {
        private final List<DayRow> rows = new ArrayList<>();
        private final List<String> pages = new ArrayList<>();
        private int items;
        private BigDecimal billed = BigDecimal.ZERO;
        private Optional<ProviderTrouble> fault = Optional.empty();

        /**
         * Takes an item. One that cannot be read is a fault of this day only.
         *
         * @throws ProviderTrouble when the call has more rows than fit into memory
         */
        void take(JsonNode item, RowReader reader) throws ProviderTrouble {
            if (++taken > rowsMax) {
                throw ProviderTrouble.lasting(
                        ProviderTrouble.TOO_LARGE,
                        "more than %d rows (expected: at most analytics.providers.call-rows)".formatted(rowsMax));
            }
            items++;
            try {
                rows.add(reader.read(item));
            } catch (ProviderTrouble e) {
                fault(e);
            }
        }

        /** Keeps the first fault: the later ones often follow from it. */
        private void fault(ProviderTrouble trouble) {
            fault = fault.or(() -> Optional.of(trouble));
        }

        /** Adds up billed amounts, apart from the rows; a malformed one is a fault of the day. */
        void bill(JsonNode item, String field) {
            try {
                billed = billed.add(JsonFields.decimal(item, field));
            } catch (ProviderTrouble e) {
                fault(e);
            }
        }

        /** Whether a page is archived. */
        boolean isKept() {
            return !pages.isEmpty();
        }

        /** Archives the page with only this day's items. */
        void keep(JsonNode page, String field, Collection<? extends JsonNode> ofThisDay) {
            ObjectNode kept = ProviderHttp.JSON.createObjectNode();
            page.properties().stream()
                    .filter(entry -> !entry.getKey().equals(field))
                    .forEach(entry -> kept.set(entry.getKey(), entry.getValue()));
            kept.putArray(field).addAll(ofThisDay);
            pages.add(Redaction.of(kept.toString()));
        }
    }

    private final Map<LocalDate, Draft> drafts = new LinkedHashMap<>();
    private final int rowsMax;
    private int taken;

    /**
     * @param last included
     * @param rowsMax of all days together, because all of them are in memory until the last page
     */
    DayDrafts(LocalDate first, LocalDate last, int rowsMax) {
        this.rowsMax = rowsMax;
        first.datesUntil(last.plusDays(1)).forEach(day -> drafts.put(day, new Draft()));
    }

    Optional<Draft> of(LocalDate day) {
        return Optional.ofNullable(drafts.get(day));
    }

    Map<LocalDate, Draft> all() {
        return drafts;
    }

    /** A day that no page names is not an empty day: those have a page that says so. */
    void missing(Set<LocalDate> named, String report) {
        drafts.forEach((day, draft) -> {
            if (!named.contains(day)) {
                draft.fault(ProviderTrouble.passing(
                        "broken_answer", report + ": no bucket for the day (expected: one, even if empty)"));
            }
        });
    }

    /** As {@link #missing(Set, String)}, where one report makes the day. */
    void missing() {
        drafts.values().stream()
                .filter(draft -> draft.pages.isEmpty())
                .forEach(draft -> draft.fault(ProviderTrouble.passing(
                        "broken_answer", "no bucket for the day (expected: one, even if empty)")));
    }

    Map<LocalDate, DayAnswer> answers(Dataset dataset) {
        Map<LocalDate, DayAnswer> answers = new LinkedHashMap<>();
        drafts.forEach((day, draft) -> answers.put(
                day,
                new DayAnswer(
                        DayRow.apart(draft.rows),
                        draft.pages,
                        draft.items,
                        dataset.bill()
                                .map(bill -> draft.billed.movePointLeft(bill.decimals()))
                                .orElse(null),
                        draft.fault)));
        return answers;
    }
}

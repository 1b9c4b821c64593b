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

/** The days that were asked for, while their pages are read. What belongs to another day is nobody's. */
final class DayDrafts {

    private static final int CENT_DIGITS = 2;

    /** Makes a row of an item. */
    interface RowReader {
        DayRow read(JsonNode item) throws ProviderTrouble;
    }

    /** What has been read of one day so far. */
    static final class Draft {
        private final List<DayRow> rows = new ArrayList<>();
        private final List<String> pages = new ArrayList<>();
        private int items;
        private BigDecimal cents = BigDecimal.ZERO;
        private Optional<String> fault = Optional.empty();

        /** Takes an item. One that can not be read is a fault of this day, and of no other. */
        void take(JsonNode item, RowReader reader) {
            items++;
            try {
                rows.add(reader.read(item));
            } catch (ProviderTrouble e) {
                fault = Optional.of(e.getMessage());
            }
        }

        /** Adds up what is billed, apart from the rows; what is no amount is a fault of its row already. */
        void bill(JsonNode item, String field) {
            try {
                cents = cents.add(JsonFields.decimal(item, field));
            } catch (ProviderTrouble e) {
                fault = Optional.of(e.getMessage());
            }
        }

        /** Keeps the page with those of its items that are of this day. */
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

    /** Both days included. */
    DayDrafts(LocalDate first, LocalDate last) {
        first.datesUntil(last.plusDays(1)).forEach(day -> drafts.put(day, new Draft()));
    }

    Optional<Draft> of(LocalDate day) {
        return Optional.ofNullable(drafts.get(day));
    }

    Map<LocalDate, Draft> all() {
        return drafts;
    }

    /** @param billed whether the answers name amounts */
    Map<LocalDate, DayAnswer> answers(boolean billed) {
        Map<LocalDate, DayAnswer> answers = new LinkedHashMap<>();
        drafts.forEach((day, draft) -> answers.put(
                day,
                new DayAnswer(
                        draft.rows,
                        draft.pages,
                        draft.items,
                        billed ? draft.cents.movePointLeft(CENT_DIGITS) : null,
                        draft.fault)));
        return answers;
    }
}

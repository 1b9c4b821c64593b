package io.inference.analytics.provider;

import io.inference.analytics.platform.Sha256;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * A provider's complete answer about one day of a data set, to its last page.
 *
 * @param rows in the order they came
 * @param pages the answers cut to this day, as JSON text without secrets
 * @param items the number of rows in the pages, counted apart from the rows
 * @param sourceTotal the billed US dollars, added up from the pages apart from the rows; null where
 *     the data set bills nothing
 * @param fault why the answer is not this day; such a day is not stored
 */
public record DayAnswer(
        List<DayRow> rows, List<String> pages, int items, BigDecimal sourceTotal, Optional<ProviderTrouble> fault) {

    public DayAnswer(List<DayRow> rows, List<String> pages, int items, BigDecimal sourceTotal) {
        this(rows, pages, items, sourceTotal, Optional.empty());
    }

    public DayAnswer {
        rows = List.copyOf(rows);
        pages = List.copyOf(pages);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A hash of the day's content that does not depend on the order of its rows. */
    public byte[] contentHash() {
        MessageDigest digest = Sha256.digest();
        rows.stream().map(DayRow::content).sorted().forEach(row -> digest.update(utf8(row + "\n")));
        return digest.digest(utf8(Integer.toString(rows.size())));
    }
}

package io.inference.analytics.attribution;

import com.opencsv.CSVReaderHeaderAware;
import com.opencsv.exceptions.CsvException;
import io.inference.analytics.attribution.ProviderMappings.KeyMapping;
import io.inference.analytics.attribution.ProviderMappings.KeyNotes;
import io.inference.analytics.platform.CsvFile;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads mappings of keys from a CSV file: key (id or name), platform, email, team, from, and
 * optionally confidence, source, environment, cost_center, description.
 */
final class KeyMappingCsv {

    private KeyMappingCsv() {}

    /**
     * Reads all lines or none.
     *
     * @throws Failure.Invalid with every faulty line; the same key twice from the same day is a
     *     fault
     */
    static List<KeyMapping> read(Path file) {
        List<KeyMapping> mappings = new ArrayList<>();
        List<FieldError> errors = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        try (CSVReaderHeaderAware csv = CsvFile.open(file)) {
            Map<String, String> cells = csv.readMap();
            for (int line = 2; cells != null; line++, cells = csv.readMap()) {
                Map<String, String> row = new HashMap<>();
                cells.forEach((name, value) -> row.put(name.strip().toLowerCase(Locale.ROOT), value.strip()));
                read(row, line, errors).ifPresent(mapping -> {
                    if (seen.add(mapping.key() + "|" + mapping.from())) {
                        mappings.add(mapping);
                    } else {
                        errors.add(new FieldError(
                                "key", "key %s from %s: twice".formatted(mapping.key(), mapping.from())));
                    }
                });
            }
        } catch (IOException | CsvException e) {
            throw new Failure.Invalid(
                    "file",
                    "file: cannot be read (expected: CSV in UTF-8 with the columns key, platform, email, team, from)");
        }
        if (!errors.isEmpty()) {
            throw new Failure.Invalid(
                    "%d faulty lines, nothing is imported. The first: %s"
                            .formatted(errors.size(), errors.get(0).message()),
                    errors);
        }
        return mappings;
    }

    private static Optional<KeyMapping> read(Map<String, String> row, int line, List<FieldError> errors) {
        int before = errors.size();
        String key = row.getOrDefault("key", "");
        if (key.isEmpty()) {
            errors.add(new FieldError("key", "line %d: no key".formatted(line)));
        }
        String platform = row.getOrDefault("platform", "");
        Optional<Tool> known = platform.isEmpty() ? Optional.empty() : Tool.of(platform);
        if (!platform.isEmpty() && known.filter(found -> found != Tool.CURSOR).isEmpty()) {
            errors.add(new FieldError(
                    "platform",
                    "line %d: platform: %s (expected: claude_code, claude_api, claude_ai or openai_api)"
                            .formatted(line, platform)));
        }
        String email = row.getOrDefault("email", "").toLowerCase(Locale.ROOT);
        if (!email.isEmpty() && !EmailAddress.matches(email)) {
            errors.add(new FieldError("email", "line %d: email: not an address".formatted(line)));
        }
        LocalDate from = null;
        try {
            from = LocalDate.parse(row.getOrDefault("from", ""));
        } catch (DateTimeException e) {
            errors.add(new FieldError("from", "line %d: from (expected: a date such as 2026-03-01)".formatted(line)));
        }
        String confidence = row.getOrDefault("confidence", "");
        if (!confidence.isEmpty() && !confidence.matches("0(\\.[0-9]{1,3})?|1(\\.0{1,3})?")) {
            errors.add(new FieldError("confidence", "line %d: confidence (expected: 0.000 to 1.000)".formatted(line)));
        }
        String source = row.getOrDefault("source", "");
        if (!source.isEmpty() && !KeyNotes.SOURCES.contains(source)) {
            errors.add(new FieldError(
                    "source",
                    "line %d: source: %s (expected: %s)".formatted(line, source, String.join(", ", KeyNotes.SOURCES))));
        }
        if (errors.size() > before) {
            return Optional.empty();
        }
        return Optional.of(new KeyMapping(
                key,
                known,
                email.isEmpty() ? Optional.empty() : Optional.of(email),
                cell(row, "team"),
                confidence.isEmpty() ? KeyMapping.ENTERED_CONFIDENCE : new BigDecimal(confidence),
                from,
                new KeyNotes(
                        source.isEmpty() ? "csv" : source,
                        cell(row, "environment"),
                        cell(row, "cost_center"),
                        cell(row, "description"))));
    }

    private static Optional<String> cell(Map<String, String> row, String column) {
        return Optional.ofNullable(row.get(column)).filter(text -> !text.isEmpty());
    }
}

package io.inference.analytics.cli;

import io.inference.analytics.attribution.Tool;
import io.inference.analytics.audit.AuditHead;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.export.ExportFormat;
import io.inference.analytics.export.ExportGranularity;
import io.inference.analytics.platform.Uuids;
import io.inference.analytics.provider.Provider;
import io.inference.analytics.usage.CatalogName;
import java.math.BigDecimal;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the text of every argument, by the type of its field. A text that does not fit is refused
 * with its value and what is expected, before anything starts.
 */
final class Arguments {

    private Arguments() {}

    /** Registers how each type is read. */
    static void register(CommandLine line) {
        read(
                line,
                Instant.class,
                "a date such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z",
                Arguments::instant);
        read(line, LocalDate.class, "a date such as 2026-03-01", LocalDate::parse);
        read(line, YearMonth.class, "a month such as 2026-03", YearMonth::parse);
        read(line, BigDecimal.class, "US dollars such as 22.72", Arguments::dollars);
        read(line, int.class, "a whole number", Integer::valueOf);
        read(line, Integer.class, "a whole number", Integer::valueOf);
        read(line, Long.class, "a whole number from 0", Arguments::count);
        read(line, Boolean.class, "true or false", Arguments::trueOrFalse);
        read(line, URI.class, "http://host:port", Arguments::webAddress);
        // UUID.fromString also takes 1-1-1-1-1, which would make two names of one thing.
        read(line, UUID.class, "a UUID", text -> Uuids.parse(text).orElseThrow());
        read(line, Tool.class, words(List.of(Tool.values()), Tool::wireName), text -> Tool.of(text)
                .orElseThrow());
        choice(line, Provider.class, Provider.withApi(), Provider::wireName);
        choice(line, RejectReason.class, List.of(RejectReason.values()), RejectReason::wireName);
        choice(line, ExportGranularity.class, List.of(ExportGranularity.values()), Enum::name);
        choice(line, ExportFormat.class, List.of(ExportFormat.values()), ExportFormat::wireName);
        choice(line, ProviderOptions.YesNo.class, List.of(ProviderOptions.YesNo.values()), value -> value.name()
                .toLowerCase(Locale.ROOT));
        line.registerConverter(AuditHead.class, text -> AuditHead.parse(text)
                .orElseThrow(() -> new TypeConversionException(
                        "not a head (expected: a number, a colon and 64 hexadecimal digits, as in the log)")));
        line.registerConverter(CatalogName.class, text -> CatalogName.parse(text)
                .orElseThrow(() -> new TypeConversionException("not a name (expected: " + CatalogName.EXPECTED + ")")));
    }

    private static <T> void read(CommandLine line, Class<T> type, String expected, Function<String, T> reading) {
        line.registerConverter(type, text -> {
            try {
                return reading.apply(text);
            } catch (DateTimeException | IllegalArgumentException | NoSuchElementException e) {
                throw new TypeConversionException("%s (expected: %s)".formatted(text, expected));
            }
        });
    }

    private static <E> void choice(CommandLine line, Class<E> type, List<E> values, Function<E, String> name) {
        read(line, type, words(values, name), text -> values.stream()
                .filter(value -> name.apply(value).equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow());
    }

    private static <E> String words(List<E> values, Function<E, String> name) {
        int last = values.size() - 1;
        return values.subList(0, last).stream().map(name).collect(Collectors.joining(", ")) + " or "
                + name.apply(values.get(last));
    }

    /** RFC 3339 with an offset, or a date, which means its first moment in UTC. */
    private static Instant instant(String text) {
        return text.indexOf('T') < 0
                ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                : OffsetDateTime.parse(text).toInstant();
    }

    private static BigDecimal dollars(String text) {
        return new BigDecimal(matching(text, "[0-9]{1,12}(\\.[0-9]{1,12})?"));
    }

    private static Long count(String text) {
        return Long.valueOf(matching(text, "[0-9]{1,15}"));
    }

    private static Boolean trueOrFalse(String text) {
        return Boolean.valueOf(matching(text, "(?i)true|false"));
    }

    private static URI webAddress(String text) {
        URI address = URI.create(matching(text, "https?://.*"));
        if (address.getHost() == null) {
            throw new IllegalArgumentException("no host");
        }
        return address;
    }

    private static String matching(String text, String form) {
        if (!text.matches(form)) {
            throw new IllegalArgumentException("not " + form);
        }
        return text;
    }
}

package io.inference.analytics.export;

import io.inference.analytics.platform.Sha256;
import io.inference.analytics.series.Buckets;
import io.inference.analytics.series.TimeRange;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * What a file shall contain.
 *
 * @param range at most 31 days
 * @param zone whose days and months the rows follow
 * @param models only these; empty means all
 * @param csv how a file of format csv is written
 * @param bucket target of the file; empty means the organisation's usual one
 */
record ExportOrder(
        TimeRange range,
        ExportGranularity granularity,
        ZoneId zone,
        Set<UUID> models,
        ExportFormat format,
        CsvForm csv,
        Optional<String> bucket) {

    ExportOrder {
        models = Set.copyOf(models);
    }

    /** The buckets of the file's rows. */
    Buckets buckets() {
        return Buckets.of(range, granularity.granularity(), zone);
    }

    String zoneName() {
        return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
    }

    /** Equal for orders that mean the same, even if their JSON differed. */
    String hash() {
        String text = String.join(
                "\n",
                range.start().toString(),
                range.end().toString(),
                granularity.wireName(),
                zoneName(),
                new TreeSet<>(models.stream().map(UUID::toString).toList()).toString(),
                format.wireName(),
                bucket.orElse(""));
        return Sha256.hex(csv.stored().map(form -> text + "\n" + form).orElse(text));
    }
}

package io.inference.analytics.reliability;

import com.opencsv.CSVWriterBuilder;
import com.opencsv.ICSVWriter;
import io.inference.analytics.platform.Csv;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The points as CSV (RFC 4180, UTF-8): the same rows, with columns named like the JSON fields,
 * nested ones by their path in camel case. A field absent in JSON is an empty cell.
 * {@code partial} and the names have no column, so that files keep the columns that callers read by
 * position.
 */
final class ReliabilityCsv {

    private static final List<String> STATUSES = List.of("error", "timeout", "throttled");

    private ReliabilityCsv() {}

    static String of(ReliabilitySeries reliability, Set<ReliabilityGroupBy> groupBy) {
        StringWriter text = new StringWriter();
        try (ICSVWriter csv = new CSVWriterBuilder(text).withLineEnd("\r\n").build()) {
            csv.writeNext(header(groupBy), false);
            for (ReliabilitySeries.Point point : reliability.series()) {
                csv.writeNext(row(point, groupBy), false);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static String[] header(Set<ReliabilityGroupBy> groupBy) {
        List<String> header = new ArrayList<>(List.of("bucketStart"));
        for (ReliabilityGroupBy group : groupBy) {
            header.add(
                    switch (group) {
                        case MODEL -> "modelId";
                        case CLIENT -> "clientId";
                        case USER -> "userId";
                    });
        }
        header.addAll(List.of(
                "invocations",
                "errors",
                "errorRate",
                "errorsByStatusError",
                "errorsByStatusTimeout",
                "errorsByStatusThrottled",
                "latencyMsP50",
                "latencyMsP95",
                "latencyMsP99",
                "timeToFirstTokenMsP50",
                "timeToFirstTokenMsP95",
                "timeToFirstTokenMsP99",
                "highlightedPercentile",
                "highlightedValueMs",
                "spike",
                "spikeCauses"));
        return header.toArray(String[]::new);
    }

    private static String[] row(ReliabilitySeries.Point point, Set<ReliabilityGroupBy> groupBy) {
        List<String> row = new ArrayList<>(List.of(point.bucketStart().toString()));
        for (ReliabilityGroupBy group : groupBy) {
            row.add(
                    switch (group) {
                        case MODEL -> point.modelId().toString();
                        case CLIENT -> Csv.harmless(point.clientId().orElse(""));
                        case USER -> point.userId().map(UUID::toString).orElse("");
                    });
        }
        ReliabilitySeries.Figures figures = point.figures();
        row.add(Long.toString(figures.invocations()));
        row.add(Long.toString(figures.errors()));
        row.add(Double.toString(figures.errorRate()));
        STATUSES.forEach(status -> row.add(figures.errorsByStatus().get(status).toString()));
        addPercentiles(row, figures.latencyMs());
        addPercentiles(row, figures.timeToFirstTokenMs());
        row.add(
                figures.highlighted() == null
                        ? ""
                        : figures.highlighted().percentile().wireName());
        row.add(
                figures.highlighted() == null
                        ? ""
                        : Double.toString(figures.highlighted().valueMs()));
        row.add(Boolean.toString(point.spike() != null));
        row.add(
                point.spikeCauses() == null
                        ? ""
                        : point.spikeCauses().stream()
                                .map(SpikeRule.Cause::wireName)
                                .collect(Collectors.joining(" ")));
        return row.toArray(String[]::new);
    }

    private static void addPercentiles(List<String> row, Percentiles percentiles) {
        if (percentiles == null) {
            row.addAll(List.of("", "", ""));
        } else {
            row.add(Double.toString(percentiles.p50()));
            row.add(Double.toString(percentiles.p95()));
            row.add(Double.toString(percentiles.p99()));
        }
    }
}

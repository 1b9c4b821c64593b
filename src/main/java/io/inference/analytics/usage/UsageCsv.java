package io.inference.analytics.usage;

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

/**
 * The points of an organisation, or of all of them, as CSV (RFC 4180, UTF-8): the same rows, columns named like the JSON fields;
 * {@code cost} becomes the columns costAmount and costCurrency. What is null in JSON is an empty cell. {@code partial} and the names
 * have no column. Callers read columns by position, so that a new one comes last.
 */
final class UsageCsv {

    private UsageCsv() {}

    static String of(List<UsageSeries.Point> points, Set<GroupBy> groupBy) {
        StringWriter text = new StringWriter();
        try (ICSVWriter csv = new CSVWriterBuilder(text).withLineEnd("\r\n").build()) {
            csv.writeNext(header(groupBy), false);
            for (UsageSeries.Point point : points) {
                csv.writeNext(row(point, groupBy), false);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static String[] header(Set<GroupBy> groupBy) {
        List<String> header = new ArrayList<>(List.of("bucketStart"));
        for (GroupBy group : groupBy) {
            header.add(
                    switch (group) {
                        case ORG -> "orgId";
                        case MODEL -> "modelId";
                        case CLIENT -> "clientId";
                        case USER -> "userId";
                        case STATUS -> "status";
                    });
        }
        header.addAll(List.of(
                "invocations",
                "errors",
                "inputTokens",
                "outputTokens",
                "cacheReadInputTokens",
                "cacheWriteInputTokens",
                "costEstimateCents",
                "costAmount",
                "costCurrency",
                "unpricedInvocations",
                "costComplete"));
        return header.toArray(String[]::new);
    }

    private static String[] row(UsageSeries.Point point, Set<GroupBy> groupBy) {
        List<String> row = new ArrayList<>(List.of(point.bucketStart().toString()));
        for (GroupBy group : groupBy) {
            row.add(
                    switch (group) {
                        case ORG -> point.orgId().toString();
                        case MODEL -> point.modelId().toString();
                        case CLIENT -> Csv.harmless(point.clientId().orElse(""));
                        case USER -> point.userId().map(UUID::toString).orElse("");
                        case STATUS -> point.status();
                    });
        }
        UsageSeries.Sums sums = point.sums();
        row.add(Long.toString(sums.invocations()));
        row.add(Long.toString(sums.errors()));
        row.add(sums.inputTokens().toString());
        row.add(sums.outputTokens().toString());
        row.add(sums.cacheReadInputTokens().toString());
        row.add(sums.cacheWriteInputTokens().toString());
        row.add(sums.costEstimateCents() == null ? "" : sums.costEstimateCents().toString());
        row.add(sums.cost() == null ? "" : sums.cost().amount());
        row.add(sums.cost() == null ? "" : sums.cost().currency());
        row.add(Long.toString(sums.unpricedInvocations()));
        row.add(Boolean.toString(sums.costComplete()));
        return row.toArray(String[]::new);
    }
}

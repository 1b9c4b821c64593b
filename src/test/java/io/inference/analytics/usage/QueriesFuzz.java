package io.inference.analytics.usage;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.reliability.ReliabilityQuery;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** No parameters make a parser of queries fail otherwise than with the faults of the request. */
public final class QueriesFuzz {

    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

    private static final UUID ORG = new UUID(0, 0);

    private static final List<String> NAMES = List.of(
            "start",
            "end",
            "period",
            "granularity",
            "modelId",
            "clientId",
            "groupBy",
            "timeZone",
            "fill",
            "percentile",
            "errorCode",
            "metadata.team",
            "by");

    private QueriesFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Map<String, List<String>> given = new LinkedHashMap<>(
                Map.of("start", List.of("2026-03-01T00:00:00Z"), "end", List.of("2026-03-02T00:00:00Z")));
        for (String pair : new String(data, StandardCharsets.UTF_8).split("\n", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            String name = NAMES.get(Math.floorMod(pair.charAt(0), NAMES.size()));
            if (pair.length() > 1 && pair.charAt(1) == '=') {
                given.put(name, new ArrayList<>());
            }
            given.computeIfAbsent(name, any -> new ArrayList<>());
            List<String> values = new ArrayList<>(given.get(name));
            values.add(pair.substring(1));
            given.put(name, values);
        }
        parse(given, query -> UsageQuery.parse(query, NOW));
        parse(given, query -> BreakdownQuery.parse(ORG, query, NOW));
        parse(given, query -> ReliabilityQuery.parse(query, NOW));
    }

    private static void parse(Map<String, List<String>> given, Consumer<Map<String, List<String>>> parser) {
        try {
            parser.accept(given);
        } catch (Failure.Invalid e) {
            if (e.getMessage().isBlank() || e.errors().isEmpty()) {
                throw new IllegalStateException("a refusal that says nothing", e);
            }
        }
    }
}

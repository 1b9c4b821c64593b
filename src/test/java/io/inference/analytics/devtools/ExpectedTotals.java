package io.inference.analytics.devtools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the service must show for messages, calculated a second time and in the plainest way: trees, decimals and maps, in memory,
 * nothing of the service's own code. The first valid occurrence of an event in the order of publishing is the one that counts.
 *
 * <p>Knows everything that {@link SampleEvents} makes, but not the duplicate keys and unpaired surrogates in names that only the
 * codec's own tests write. Assumes that all repetitions of an event lie within the 24 h of event time that the service bridges.
 *
 * @param received all events: stored + duplicate + conflict + deadLettered
 * @param deadLettered by wire name of the reason
 * @param groups of the stored events
 */
public record ExpectedTotals(
        long received,
        long stored,
        long duplicate,
        long conflict,
        SortedMap<String, Long> deadLettered,
        SortedMap<Group, Sums> groups) {

    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNumberLength(70_000)
                            .maxNestingDepth(70_000)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final List<String> UUIDS = List.of("eventId", "orgId", "modelId", "actorId");
    private static final List<String> INTEGERS = List.of(
            "latencyMs",
            "inputTokens",
            "outputTokens",
            "timeToFirstTokenMs",
            "cacheReadInputTokens",
            "cacheWriteInputTokens",
            "cacheWrite1hInputTokens");
    private static final List<String> REQUIRED =
            List.of("eventId", "orgId", "modelId", "occurredAt", "latencyMs", "status", "inputTokens", "outputTokens");
    private static final Set<String> STATUSES = Set.of("success", "error", "timeout", "throttled");
    private static final BigDecimal TWO_TO_53 = new BigDecimal("9007199254740992");
    private static final Duration RAW_RETENTION = Duration.ofDays(400);

    /** The smallest thing that the service adds up by. Hours are of UTC; clientId is empty when absent. */
    public record Group(String orgId, String modelId, String clientId, String status, Instant hour)
            implements Comparable<Group> {
        @Override
        public int compareTo(Group other) {
            return key().compareTo(other.key());
        }

        private String key() {
            return String.join("\u0000", orgId, modelId, clientId, status, hour.toString());
        }
    }

    /** @param costEstimateCents of the events that carry a cost; the others are unpriced */
    public record Sums(
            long invocations,
            long unpricedInvocations,
            BigInteger inputTokens,
            BigInteger outputTokens,
            BigInteger cacheReadInputTokens,
            BigInteger cacheWriteInputTokens,
            BigInteger cacheWrite1hInputTokens,
            BigDecimal costEstimateCents) {
        static final Sums NONE = new Sums(
                0,
                0,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigInteger.ZERO,
                BigDecimal.ZERO);

        public Sums {
            costEstimateCents = costEstimateCents.stripTrailingZeros();
        }

        public Sums plus(Sums other) {
            return new Sums(
                    invocations + other.invocations,
                    unpricedInvocations + other.unpricedInvocations,
                    inputTokens.add(other.inputTokens),
                    outputTokens.add(other.outputTokens),
                    cacheReadInputTokens.add(other.cacheReadInputTokens),
                    cacheWriteInputTokens.add(other.cacheWriteInputTokens),
                    cacheWrite1hInputTokens.add(other.cacheWrite1hInputTokens),
                    costEstimateCents.add(other.costEstimateCents));
        }
    }

    /** @param now what the service takes for now; minutes more or less do not matter for samples */
    public static ExpectedTotals of(Iterable<byte[]> bodies, Instant now) {
        Counter counter = new Counter(now);
        bodies.forEach(counter::message);
        return counter.result();
    }

    public long deadLetters() {
        return deadLettered.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The sums of one organisation over all time. */
    public Sums sumsOf(String orgId) {
        return groups.entrySet().stream()
                .filter(entry -> entry.getKey().orgId().equals(orgId))
                .map(Map.Entry::getValue)
                .reduce(Sums.NONE, Sums::plus);
    }

    private static final class Counter {
        private final Instant now;
        private final Map<String, Map<String, Object>> firsts = new HashMap<>();
        private final SortedMap<String, Long> deadLettered = new TreeMap<>();
        private final SortedMap<Group, Sums> groups = new TreeMap<>();
        private long received;
        private long duplicate;
        private long conflict;

        private Counter(Instant now) {
            this.now = now;
        }

        private ExpectedTotals result() {
            return new ExpectedTotals(received, firsts.size(), duplicate, conflict, deadLettered, groups);
        }

        private void message(byte[] body) {
            if (body.length > 65_536) {
                dead("too_large");
                return;
            }
            JsonNode tree = parse(body);
            if (tree == null) {
                dead("malformed_json");
            } else if (!tree.isArray()) {
                event(tree);
            } else if (tree.size() > 1_000) {
                dead("too_large");
            } else {
                tree.forEach(this::event);
            }
        }

        private static JsonNode parse(byte[] body) {
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(body))
                        .toString();
                JsonNode tree = JSON.readTree(text);
                return tree.isMissingNode() ? null : tree;
            } catch (CharacterCodingException | JsonProcessingException e) {
                return null;
            }
        }

        private void event(JsonNode event) {
            if (!event.isObject()) {
                dead("malformed_json");
                return;
            }
            List<String> faults = new ArrayList<>();
            for (String field : REQUIRED) {
                if (!event.hasNonNull(field)) {
                    faults.add("missing_field");
                }
            }
            Map<String, Object> content = content(event, faults);
            Instant occurredAt = time(event.get("occurredAt"), faults);
            for (String reason :
                    List.of("missing_field", "invalid_field", "timestamp_out_of_range", "negative_value")) {
                if (faults.contains(reason)) {
                    dead(reason);
                    return;
                }
            }
            count(content, occurredAt);
        }

        private void dead(String reason) {
            received++;
            deadLettered.merge(reason, 1L, Long::sum);
        }

        private void count(Map<String, Object> content, Instant occurredAt) {
            received++;
            Map<String, Object> first =
                    firsts.putIfAbsent(content.get("orgId") + "/" + content.get("eventId"), content);
            if (first == null) {
                Group group = new Group(
                        (String) content.get("orgId"),
                        (String) content.get("modelId"),
                        (String) content.getOrDefault("clientId", ""),
                        (String) content.get("status"),
                        occurredAt.truncatedTo(ChronoUnit.HOURS));
                groups.merge(group, sums(content), Sums::plus);
            } else if (first.equals(content)) {
                duplicate++;
            } else {
                conflict++;
            }
        }

        private static Sums sums(Map<String, Object> content) {
            BigDecimal cost = (BigDecimal) content.get("costEstimateCents");
            return new Sums(
                    1,
                    cost == null ? 1 : 0,
                    number(content, "inputTokens").toBigIntegerExact(),
                    number(content, "outputTokens").toBigIntegerExact(),
                    number(content, "cacheReadInputTokens").toBigIntegerExact(),
                    number(content, "cacheWriteInputTokens").toBigIntegerExact(),
                    number(content, "cacheWrite1hInputTokens").toBigIntegerExact(),
                    cost == null ? BigDecimal.ZERO : cost);
        }

        private static BigDecimal number(Map<String, Object> content, String field) {
            return (BigDecimal) content.getOrDefault(field, BigDecimal.ZERO);
        }

        /** All that tells one event from another, in one form for equal things: what is absent, null, empty or 0 is left out. */
        private static Map<String, Object> content(JsonNode event, List<String> faults) {
            Map<String, Object> content = new HashMap<>();
            for (String field : UUIDS) {
                if (event.hasNonNull(field)) {
                    String text = event.get(field).asText().toLowerCase(Locale.ROOT);
                    check(text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), faults);
                    content.put(field, text);
                }
            }
            text(event, "clientId", 200, content, faults);
            text(event, "errorCode", 100, content, faults);
            if (event.hasNonNull("status")) {
                check(STATUSES.contains(event.get("status").asText()), faults);
                content.put("status", event.get("status").asText());
            }
            for (String field : INTEGERS) {
                integer(event, field, content, faults);
            }
            cost(event, content, faults);
            metadata(event, content, faults);
            check(!greater(content, "timeToFirstTokenMs", "latencyMs"), faults);
            check(!greater(content, "cacheWrite1hInputTokens", "cacheWriteInputTokens"), faults);
            if (content.get("inputTokens") != null) {
                BigDecimal cached =
                        number(content, "cacheReadInputTokens").add(number(content, "cacheWriteInputTokens"));
                check(cached.compareTo(number(content, "inputTokens")) <= 0, faults);
            }
            // Optional counts of 0 are as good as absent; a time to first token of 0 is not.
            for (String field : INTEGERS) {
                if (field.startsWith("cache") && number(content, field).signum() == 0) {
                    content.remove(field);
                }
            }
            content.remove("clientId", "");
            return content;
        }

        private static boolean greater(Map<String, Object> content, String field, String bound) {
            boolean boundKnown = content.containsKey(bound) || bound.startsWith("cache");
            return content.containsKey(field)
                    && boundKnown
                    && number(content, field).compareTo(number(content, bound)) > 0;
        }

        private static void text(
                JsonNode event, String field, int codePointsMax, Map<String, Object> content, List<String> faults) {
            if (event.hasNonNull(field)) {
                String text = event.get(field).asText();
                check(event.get(field).isTextual() && text.codePoints().count() <= codePointsMax, faults);
                check(plain(text), faults);
                content.put(field, text);
            }
        }

        private static boolean plain(String text) {
            return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
        }

        private static void integer(JsonNode event, String field, Map<String, Object> content, List<String> faults) {
            if (event.hasNonNull(field)) {
                BigDecimal value = event.get(field).isNumber()
                        ? event.get(field).decimalValue().stripTrailingZeros()
                        : new BigDecimal("0.5");
                if (value.scale() > 0 || value.compareTo(TWO_TO_53) > 0) {
                    faults.add("invalid_field");
                } else if (value.signum() < 0) {
                    faults.add("negative_value");
                } else {
                    content.put(field, value);
                }
            }
        }

        private static void cost(JsonNode event, Map<String, Object> content, List<String> faults) {
            if (event.hasNonNull("costEstimateCents")) {
                JsonNode node = event.get("costEstimateCents");
                BigDecimal value = node.isNumber() ? node.decimalValue().stripTrailingZeros() : BigDecimal.ZERO;
                if (value.signum() < 0) {
                    faults.add("negative_value");
                } else {
                    check(node.isNumber() && value.scale() <= 8, faults);
                    check(value.compareTo(new BigDecimal("1000000000000")) < 0, faults);
                    content.put("costEstimateCents", value);
                }
            }
        }

        private static void metadata(JsonNode event, Map<String, Object> content, List<String> faults) {
            if (event.hasNonNull("metadata")) {
                JsonNode node = event.get("metadata");
                check(node.isObject() && node.size() <= 32, faults);
                check(node.toString().getBytes(StandardCharsets.UTF_8).length <= 4096, faults);
                Map<String, String> entries = new HashMap<>();
                for (Map.Entry<String, JsonNode> entry : node.properties()) {
                    String value = entry.getValue().asText();
                    check(entry.getValue().isTextual() && plain(entry.getKey()) && plain(value), faults);
                    entries.put(entry.getKey(), value);
                }
                if (!entries.isEmpty()) {
                    content.put("metadata", entries);
                }
            }
        }

        private Instant time(JsonNode node, List<String> faults) {
            if (node == null || node.isNull()) {
                return null;
            }
            try {
                check(
                        node.isTextual()
                                && node.asText()
                                        .matches(
                                                "(?i)\\d{4}-\\d\\d-\\d\\dT([01]\\d|2[0-3]):\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)"),
                        faults);
                Instant time = OffsetDateTime.parse(node.asText()).toInstant().truncatedTo(ChronoUnit.MICROS);
                if (time.isBefore(now.minus(RAW_RETENTION)) || time.isAfter(now.plus(Duration.ofMinutes(5)))) {
                    faults.add("timestamp_out_of_range");
                }
                return time;
            } catch (DateTimeException e) {
                faults.add("invalid_field");
                return null;
            }
        }

        private static void check(boolean holds, List<String> faults) {
            if (!holds) {
                faults.add("invalid_field");
            }
        }
    }
}

package io.inference.analytics.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.inference.analytics.usage.UsageSums;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;

/**
 * Sums as exact JSON: tokens as integers of any size, cents as a plain decimal in a string. The
 * cents are null when nothing has a price.
 */
final class Figures {

    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
            .build();

    /** The sum of BilledCost of a file of charges, in totals. */
    static final String BILLED = "billedCostUsd";

    private Figures() {}

    static ObjectNode json(UsageSums sums) {
        ObjectNode node = JSON.createObjectNode();
        node.put("invocations", sums.invocations());
        node.put("errors", sums.errors());
        node.put("inputTokens", sums.inputTokens());
        node.put("outputTokens", sums.outputTokens());
        node.put("cacheReadInputTokens", sums.cacheReadInputTokens());
        node.put("cacheWriteInputTokens", sums.cacheWriteInputTokens());
        node.put("costEstimateCents", sums.costCents().map(Figures::plain).orElse(null));
        node.put("unpricedInvocations", sums.unpricedInvocations());
        return node;
    }

    static UsageSums of(JsonNode node) {
        return new UsageSums(
                node.get("invocations").longValue(),
                node.get("errors").longValue(),
                node.get("inputTokens").bigIntegerValue(),
                node.get("outputTokens").bigIntegerValue(),
                node.get("cacheReadInputTokens").bigIntegerValue(),
                node.get("cacheWriteInputTokens").bigIntegerValue(),
                Optional.ofNullable(node.get("costEstimateCents").textValue()).map(BigDecimal::new),
                node.get("unpricedInvocations").longValue());
    }

    static boolean ofUsage(JsonNode totals) {
        return totals.has("invocations");
    }

    /**
     * {@code now} minus {@code before}: the figures of usage if both files have them, and those of
     * charges likewise. Usage without a price counts as 0 here.
     */
    static ObjectNode difference(JsonNode now, JsonNode before) {
        ObjectNode node = JSON.createObjectNode();
        if (ofUsage(now) && ofUsage(before)) {
            node.setAll(difference(of(now), of(before)));
        }
        if (now.has(BILLED) && before.has(BILLED)) {
            node.put(BILLED, plain(usd(now).subtract(usd(before))));
        }
        return node;
    }

    private static BigDecimal usd(JsonNode totals) {
        return new BigDecimal(totals.get(BILLED).textValue());
    }

    private static ObjectNode difference(UsageSums now, UsageSums before) {
        ObjectNode node = JSON.createObjectNode();
        node.put("invocations", now.invocations() - before.invocations());
        node.put("errors", now.errors() - before.errors());
        node.put("inputTokens", now.inputTokens().subtract(before.inputTokens()));
        node.put("outputTokens", now.outputTokens().subtract(before.outputTokens()));
        node.put("cacheReadInputTokens", now.cacheReadInputTokens().subtract(before.cacheReadInputTokens()));
        node.put("cacheWriteInputTokens", now.cacheWriteInputTokens().subtract(before.cacheWriteInputTokens()));
        node.put(
                "costEstimateCents",
                plain(now.costCents()
                        .orElse(BigDecimal.ZERO)
                        .subtract(before.costCents().orElse(BigDecimal.ZERO))));
        node.put("unpricedInvocations", now.unpricedInvocations() - before.unpricedInvocations());
        return node;
    }

    /** Whether all figures are equal by value. */
    static boolean equal(UsageSums a, UsageSums b) {
        return json(a).equals(json(b));
    }

    /** Without exponent and trailing zeros, so that equal amounts have equal texts. */
    static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }

    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored JSON can always be read", e);
        }
    }

    /** Sums row by row. */
    static final class Total {
        private long rows;
        private long invocations;
        private long errors;
        private long unpriced;
        private final Tokens inputTokens = new Tokens();
        private final Tokens outputTokens = new Tokens();
        private final Tokens cacheReadInputTokens = new Tokens();
        private final Tokens cacheWriteInputTokens = new Tokens();
        private BigDecimal costCents;

        void add(ExportRow row) {
            rows++;
            invocations = Math.addExact(invocations, row.invocations());
            errors = Math.addExact(errors, row.errors());
            unpriced = Math.addExact(unpriced, row.unpricedInvocations());
            inputTokens.add(row.inputTokens());
            outputTokens.add(row.outputTokens());
            cacheReadInputTokens.add(row.cacheReadInputTokens());
            cacheWriteInputTokens.add(row.cacheWriteInputTokens());
            if (row.costCents() != null) {
                BigDecimal cents = new BigDecimal(row.costCents());
                costCents = costCents == null ? cents : costCents.add(cents);
            }
        }

        long rows() {
            return rows;
        }

        UsageSums sums() {
            return rows == 0
                    ? UsageSums.NONE
                    : new UsageSums(
                            invocations,
                            errors,
                            inputTokens.sum(),
                            outputTokens.sum(),
                            cacheReadInputTokens.sum(),
                            cacheWriteInputTokens.sum(),
                            Optional.ofNullable(costCents),
                            unpriced);
        }
    }

    /** A sum of any size, in plain arithmetic as long as it fits. */
    private static final class Tokens {
        /** So many decimal digits always fit. */
        private static final int DIGITS_MAX = 18;

        private BigInteger carried = BigInteger.ZERO;
        private long rest;

        void add(String number) {
            if (number.length() > DIGITS_MAX) {
                carried = carried.add(new BigInteger(number));
                return;
            }
            long value = Long.parseLong(number);
            long sum = rest + value;
            // An overflow: both numbers have the sign that the sum does not have.
            if (((rest ^ sum) & (value ^ sum)) < 0) {
                carried = carried.add(BigInteger.valueOf(rest));
                sum = value;
            }
            rest = sum;
        }

        BigInteger sum() {
            return carried.add(BigInteger.valueOf(rest));
        }
    }
}

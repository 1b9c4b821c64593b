package io.inference.analytics.price;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.inference.analytics.platform.Failure;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads the two price lists that people have: LiteLLM's {@code model_prices_and_context_window.json} (dollars per token, one entry
 * per model) and the {@code api.json} of models.dev (dollars per million tokens, models by provider).
 *
 * <p>Prices keep every digit. A price that the book cannot hold is named and never flattened into another one; one that equals
 * its plain class is not, as it makes no difference.
 */
final class PriceListFile {

    private static final int BYTES_MAX = 64 * 1024 * 1024;

    /** Dollars per token are given with exponents, such as 3e-06. */
    private static final int MILLION_DIGITS = 6;

    /** Far beyond any price; an exponent of a billion would need as many digits. */
    private static final int SCALE_MAX = 40;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /**
     * How a list names the classes of the book.
     *
     * @param digits places that its prices are moved by to be per million tokens
     */
    private record Names(
            String input, String output, String cacheRead, String cacheWrite, String cacheWrite1h, int digits) {

        Set<String> all() {
            return Set.of(input, output, cacheRead, cacheWrite, cacheWrite1h);
        }
    }

    private static final Names LITELLM = new Names(
            "input_cost_per_token",
            "output_cost_per_token",
            "cache_read_input_token_cost",
            "cache_creation_input_token_cost",
            "cache_creation_input_token_cost_above_1hr",
            MILLION_DIGITS);

    private static final Names MODELS_DEV =
            new Names("input", "output", "cache_read", "cache_write", "cache_write_1h", 0);

    private PriceListFile() {}

    /**
     * All models of a list.
     *
     * @throws Failure.Invalid when the file is neither of the two lists
     */
    static List<ListPrice> read(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > BYTES_MAX) {
            throw new Failure.Invalid(
                    "file", "file: %s (expected: a file of at most %d bytes)".formatted(file, BYTES_MAX));
        }
        JsonNode root;
        try {
            root = JSON.readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw new Failure.Invalid("file", "file: not JSON: " + e.getOriginalMessage());
        }
        List<ListPrice> prices = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            if (entry.getValue().path("models").isObject()) {
                entry.getValue()
                        .get("models")
                        .properties()
                        .forEach(model -> prices.add(modelsDev(entry.getKey(), model.getKey(), model.getValue())));
            } else if (entry.getValue().has("litellm_provider")
                    && !entry.getKey().equals("sample_spec")) {
                prices.add(liteLlm(entry.getKey(), entry.getValue()));
            }
        }
        if (prices.isEmpty()) {
            throw new Failure.Invalid(
                    "file",
                    "file: %s (expected: model_prices_and_context_window.json of LiteLLM, or api.json of models.dev)"
                            .formatted(file));
        }
        return prices;
    }

    private static ListPrice modelsDev(String provider, String name, JsonNode model) {
        return price(provider, name, model.path("cost"), MODELS_DEV, further(model.path("cost"), MODELS_DEV));
    }

    private static ListPrice liteLlm(String key, JsonNode model) {
        String provider = model.get("litellm_provider").asText();
        String prefix = provider + "/";
        Map<String, JsonNode> further = new TreeMap<>(further(model, LITELLM));
        // Everything else about the model, such as its limits.
        further.keySet().removeIf(field -> !field.contains("cost") && !field.contains("pricing"));
        return price(provider, key.startsWith(prefix) ? key.substring(prefix.length()) : key, model, LITELLM, further);
    }

    private static ListPrice price(
            String provider, String name, JsonNode prices, Names names, Map<String, JsonNode> further) {
        Optional<BigDecimal> input = number(prices, names.input(), names);
        Optional<BigDecimal> output = number(prices, names.output(), names);
        return new ListPrice(
                provider,
                name,
                input,
                output,
                number(prices, names.cacheRead(), names),
                number(prices, names.cacheWrite(), names),
                number(prices, names.cacheWrite1h(), names),
                further.entrySet().stream()
                        .filter(field -> differs(field, prices, names))
                        .map(Map.Entry::getKey)
                        .toList());
    }

    private static Map<String, JsonNode> further(JsonNode prices, Names names) {
        Map<String, JsonNode> further = new TreeMap<>();
        prices.properties().stream()
                .filter(field -> !names.all().contains(field.getKey()))
                .forEach(field -> further.put(field.getKey(), field.getValue()));
        return further;
    }

    /** Reasoning is billed as output; a list that repeats the price of output says nothing new. */
    private static boolean differs(Map.Entry<String, JsonNode> field, JsonNode prices, Names names) {
        JsonNode value = field.getValue();
        if (value.isNull() || value.isNumber() && value.decimalValue().signum() == 0) {
            return false;
        }
        return !(field.getKey().contains("reasoning")
                && value.isNumber()
                && prices.path(names.output()).isNumber()
                && value.decimalValue().compareTo(prices.get(names.output()).decimalValue()) == 0);
    }

    private static Optional<BigDecimal> number(JsonNode prices, String field, Names names) {
        JsonNode value = prices.path(field);
        if (!value.isNumber()) {
            return Optional.empty();
        }
        BigDecimal number = value.decimalValue();
        if (number.signum() < 0 || Math.abs((long) number.scale()) > SCALE_MAX) {
            throw new Failure.Invalid(
                    "file", "file: a price of %s is not one (expected: dollars from 0)".formatted(field));
        }
        BigDecimal perMillion = number.movePointRight(names.digits()).stripTrailingZeros();
        return Optional.of(perMillion.scale() < 0 ? perMillion.setScale(0) : perMillion);
    }
}

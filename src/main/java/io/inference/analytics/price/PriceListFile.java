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
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the two price lists that people have: LiteLLM's {@code model_prices_and_context_window.json} (dollars per token, one entry
 * per model) and the {@code api.json} of models.dev (dollars per million tokens, models by provider).
 *
 * <p>Prices of a service tier (batch, priority, flex) and of long contexts (above-200k) become prices of their own, where the list
 * has input and output for them.
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

        Names with(String suffix) {
            return new Names(
                    input + suffix,
                    output + suffix,
                    cacheRead + suffix,
                    cacheWrite + suffix,
                    cacheWrite1h + suffix,
                    digits);
        }

        /** Whether there are prices for plain input and output, without which an event has no cost. */
        boolean areIn(JsonNode prices) {
            return prices.path(input).isNumber() && prices.path(output).isNumber();
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

    /** As in input_cost_per_token_above_200k_tokens_priority: the price of the whole request. */
    private static final Pattern LITELLM_SUFFIX =
            Pattern.compile("(?:_above_([0-9]{1,6}k)_tokens)?(?:_(batches|priority|flex))?");

    private static final Pattern MODELS_DEV_ABOVE = Pattern.compile("context_over_([0-9]{1,6}k)");

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
                        .forEach(model -> prices.addAll(modelsDev(entry.getKey(), model.getKey(), model.getValue())));
            } else if (entry.getValue().has("litellm_provider")
                    && !entry.getKey().equals("sample_spec")) {
                prices.addAll(liteLlm(entry.getKey(), entry.getValue()));
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

    private static List<ListPrice> modelsDev(String provider, String name, JsonNode model) {
        JsonNode cost = model.path("cost");
        Map<String, JsonNode> further = further(cost, MODELS_DEV);
        List<ListPrice> prices = new ArrayList<>();
        for (String field : List.copyOf(further.keySet())) {
            Matcher above = MODELS_DEV_ABOVE.matcher(field);
            if (above.matches() && MODELS_DEV.areIn(cost.get(field))) {
                JsonNode inner = further.remove(field);
                prices.add(
                        price(provider, name, window(above.group(1)), inner, MODELS_DEV, further(inner, MODELS_DEV)));
            }
        }
        prices.add(0, price(provider, name, PriceScope.GENERAL, cost, MODELS_DEV, further));
        return prices;
    }

    private static List<ListPrice> liteLlm(String key, JsonNode model) {
        String provider = model.get("litellm_provider").asText();
        String prefix = provider + "/";
        String name = key.startsWith(prefix) ? key.substring(prefix.length()) : key;
        Map<String, JsonNode> further = further(model, LITELLM);
        // Everything else about the model, such as its limits.
        further.keySet().removeIf(field -> !field.contains("cost") && !field.contains("pricing"));
        List<ListPrice> prices = new ArrayList<>();
        for (String suffix : suffixes(further.keySet())) {
            Names names = LITELLM.with(suffix);
            if (names.areIn(model)) {
                names.all().forEach(further::remove);
                prices.add(price(provider, name, scope(suffix), model, names, Map.of()));
            }
        }
        prices.add(0, price(provider, name, PriceScope.GENERAL, model, LITELLM, further));
        return prices;
    }

    /** What stands behind the names of the classes where a price is not the general one. */
    private static Set<String> suffixes(Set<String> fields) {
        Set<String> suffixes = new TreeSet<>();
        for (String field : fields) {
            LITELLM.all().stream()
                    .filter(field::startsWith)
                    .map(base -> field.substring(base.length()))
                    .filter(suffix ->
                            !suffix.isEmpty() && LITELLM_SUFFIX.matcher(suffix).matches())
                    .forEach(suffixes::add);
        }
        return suffixes;
    }

    private static PriceScope scope(String suffix) {
        Matcher parts = LITELLM_SUFFIX.matcher(suffix);
        if (!parts.matches()) {
            throw new IllegalStateException("suffix: " + suffix + " (expected: one that was found)");
        }
        return new PriceScope(
                Optional.ofNullable(parts.group(2)).map(tier -> tier.equals("batches") ? "batch" : tier),
                Optional.ofNullable(parts.group(1))
                        .flatMap(above -> window(above).contextWindow()));
    }

    private static PriceScope window(String above) {
        return new PriceScope(Optional.empty(), Optional.of("above-" + above));
    }

    private static ListPrice price(
            String provider,
            String name,
            PriceScope scope,
            JsonNode prices,
            Names names,
            Map<String, JsonNode> further) {
        return new ListPrice(
                provider,
                name,
                scope,
                number(prices, names.input(), names),
                number(prices, names.output(), names),
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

package io.inference.analytics.export;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;

/**
 * What was charged for, as a provider's price list distinguishes it.
 *
 * @param id model and meter: the same whatever the price
 * @param meter what is counted, in words
 * @param priceId the id with service tier and context window, which change the price
 * @param details tier and context window as a JSON object; empty without either
 */
record FocusSku(String id, String meter, String priceId, Optional<String> details) {

    private static final Map<String, String> METERS = Map.ofEntries(
            Map.entry("uncached_input_tokens", "Input Tokens"),
            Map.entry("output_tokens", "Output Tokens"),
            Map.entry("cache_read_input_tokens", "Cache Read Tokens"),
            Map.entry("cache_creation.ephemeral_5m_input_tokens", "Cache Write Tokens (5 minutes)"),
            Map.entry("cache_creation.ephemeral_1h_input_tokens", "Cache Write Tokens (1 hour)"),
            Map.entry("web_search", "Web Searches"),
            Map.entry("input", "Input Tokens"),
            Map.entry("output", "Output Tokens"),
            Map.entry("cache_read", "Cache Read Tokens"),
            Map.entry("cache_write", "Cache Write Tokens"));

    static FocusSku of(FocusCharge charge) {
        boolean tokens = charge.costType().equals("tokens");
        // A charge that is not for tokens has only its description to tell it from another.
        String thing = tokens || METERS.containsKey(charge.meter())
                ? charge.meter()
                : charge.description().map(text -> charge.meter() + "/" + text).orElse(charge.meter());
        String id = charge.issuer().wireName() + "/"
                + charge.model().map(model -> model + "/").orElse("") + thing;
        String price = id + "/" + charge.serviceTier().orElse("any") + "/"
                + charge.contextWindow().orElse("any");
        return new FocusSku(
                id,
                METERS.getOrDefault(charge.meter(), thing),
                charge.quantity().counted() ? price : price + "/charge",
                details(charge));
    }

    private static Optional<String> details(FocusCharge charge) {
        ObjectNode details = Figures.JSON.createObjectNode();
        charge.serviceTier().ifPresent(tier -> details.put("x_ServiceTier", tier));
        charge.contextWindow().ifPresent(window -> details.put("x_ContextWindow", window));
        return details.isEmpty() ? Optional.empty() : Optional.of(details.toString());
    }
}

package io.inference.analytics.price;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The price book as answers show it: what was added, newest first. */
@Schema(name = "PriceHistory")
record PriceHistory(
        List<Entry> prices,
        @Schema(nullable = true, description = "The parameter cursor of the next page; null on the last one")
                String nextCursor) {

    private static final String PER_MILLION = "US dollars per million tokens, exact";
    private static final String WITHOUT = PER_MILLION + "; null: such events are unpriced";

    /** A price and who added it. */
    @Schema(name = "PriceEntry")
    record Entry(
            UUID modelId,
            @Schema(nullable = true, description = "What the model is called, where it has a name") String modelName,
            @Schema(description = "Counts the entries of the model from 1; of the same time the newest holds")
                    int version,
            @Schema(description = "From when the price holds, until a later entry") Instant validFrom,
            @Schema(description = PER_MILLION, examples = "3.75") String inputUsd,
            @Schema(description = PER_MILLION, examples = "15") String outputUsd,
            @Schema(nullable = true, description = WITHOUT) String cacheReadUsd,
            @Schema(nullable = true, description = WITHOUT) String cacheWriteUsd,
            @Schema(nullable = true, description = WITHOUT) String cacheWrite1hUsd,
            @Schema(nullable = true, description = "Holds for events of this tier only; null: any") String serviceTier,
            @Schema(nullable = true, description = "Holds for events of this context window only; null: any")
                    String contextWindow,
            @Schema(description = "Who added it") String addedBy,
            Instant addedAt,
            @Schema(description = "Why; empty where no reason was given") String reason) {

        static Entry of(Price.Entry entry, String modelName) {
            Price price = entry.price();
            return new Entry(
                    price.model(),
                    modelName,
                    entry.version(),
                    price.validFrom(),
                    plain(price.input()),
                    plain(price.output()),
                    price.cacheRead().map(Entry::plain).orElse(null),
                    price.cacheWrite().map(Entry::plain).orElse(null),
                    price.cacheWrite1h().map(Entry::plain).orElse(null),
                    price.scope().serviceTier().orElse(null),
                    price.scope().contextWindow().orElse(null),
                    entry.author(),
                    entry.createdAt(),
                    entry.reason());
        }

        /** No exponent and no trailing zeros, so equal prices are equal texts. */
        private static String plain(BigDecimal usd) {
            return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
        }
    }
}

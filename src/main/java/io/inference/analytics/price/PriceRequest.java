package io.inference.analytics.price;

import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters.Fault;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * A price that somebody wants to add, from the body of a request: read strictly, and reporting all faults at once.
 *
 * @param reason why; empty when none was given
 */
record PriceRequest(Price price, String reason) {

    private static final int DIGITS_MAX = 9;
    private static final int DECIMALS_MAX = 12;
    private static final int REASON_LENGTH_MAX = 500;

    /**
     * Reads and checks a body.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static PriceRequest parse(byte[] bytes) {
        JsonBody body = JsonBody.parse(bytes, "{\"modelId\": …, \"validFrom\": …, \"inputUsd\": …, \"outputUsd\": …}");
        Optional<UUID> model = body.required("modelId", "the id of a model", ParameterValues::uuid);
        Optional<Instant> from =
                body.required("validFrom", "a date or a time", ParameterValues.timeOrDate(ZoneOffset.UTC));
        Optional<BigDecimal> input = required(body, "inputUsd");
        Optional<BigDecimal> output = required(body, "outputUsd");
        Optional<BigDecimal> cacheRead = amount(body, "cacheReadUsd");
        Optional<BigDecimal> cacheWrite = amount(body, "cacheWriteUsd");
        Optional<BigDecimal> cacheWrite1h = amount(body, "cacheWrite1hUsd");
        Optional<String> tier = body.optional("serviceTier", PriceRequest::scope);
        Optional<String> context = body.optional("contextWindow", PriceRequest::scope);
        Optional<String> reason = body.optional("reason", ParameterValues.text("a reason", REASON_LENGTH_MAX));
        body.finish();
        Price price = new Price(
                model.orElseThrow(),
                from.orElseThrow().truncatedTo(ChronoUnit.MICROS),
                input.orElseThrow(),
                output.orElseThrow(),
                cacheRead,
                cacheWrite,
                cacheWrite1h,
                PriceScope.of(tier, context));
        return new PriceRequest(price, reason.orElse(""));
    }

    private static Optional<BigDecimal> required(JsonBody body, String field) {
        if (!body.has(field)) {
            body.fault(field, "missing (expected: US dollars per million tokens, 0 or more)");
        }
        return amount(body, field);
    }

    private static Optional<BigDecimal> amount(JsonBody body, String field) {
        Optional<BigDecimal> amount = body.decimal(field, DIGITS_MAX, DECIMALS_MAX);
        amount.filter(value -> value.signum() < 0)
                .ifPresent(value -> body.fault(field, value.toPlainString() + " (expected: 0 or more)"));
        return amount;
    }

    private static String scope(String text) throws Fault {
        if (text.isEmpty()) {
            throw new Fault("empty (expected: as in events, or no field for any)");
        }
        return ParameterValues.text("a text of events", PriceScope.LENGTH_MAX).parse(text);
    }
}

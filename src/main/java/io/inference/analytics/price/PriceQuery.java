package io.inference.analytics.price;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * A validated request for a page of the price book, newest entry first.
 *
 * @param before the last entry of the page before; empty: the first page
 */
record PriceQuery(Optional<UUID> model, Optional<Long> before, int limit) {

    private static final int LIMIT_DEFAULT = 50;
    private static final int LIMIT_MAX = 200;

    /** @throws io.inference.analytics.platform.Failure.Invalid with every fault */
    static PriceQuery parse(Map<String, List<String>> given) {
        QueryParameters parameters = QueryParameters.of(given);
        Optional<UUID> model = parameters.optional("modelId", ParameterValues::uuid);
        Optional<Long> before = parameters.optional("cursor", PriceQuery::entry);
        int limit =
                parameters.optional("limit", ParameterValues.limit(LIMIT_MAX)).orElse(LIMIT_DEFAULT);
        parameters.finish();
        return new PriceQuery(model, before, limit);
    }

    private static Long entry(String text) throws Fault {
        if (text.matches("[0-9]{1,18}")) {
            return Long.valueOf(text);
        }
        throw new Fault("not a cursor (expected: nextCursor of an earlier response)");
    }
}

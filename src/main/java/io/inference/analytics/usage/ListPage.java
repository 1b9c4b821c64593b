package io.inference.analytics.usage;

import io.inference.analytics.platform.Uuids;
import io.inference.analytics.usage.CatalogStore.Named;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.web.QueryParameters.Fault;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which page of a list of names a caller asks for, checked.
 *
 * @param list names the list, so that the cursor of another one is refused
 * @param limit most entries of a page
 * @param after the last entry of the page before; empty for the first page
 */
record ListPage(String list, int limit, Optional<Named> after) {

    /**
     * A page as it is shown.
     *
     * @param nextCursor null on the last page
     */
    record Cut(List<Named> entries, String nextCursor) {}

    /**
     * Reads and checks the parameters of a query string.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static ListPage parse(Map<String, List<String>> given, String list, int limitDefault, int limitMax) {
        QueryParameters parameters = QueryParameters.of(given);
        int limit =
                parameters.optional("limit", ParameterValues.limit(limitMax)).orElse(limitDefault);
        Optional<Named> after = parameters.optional("cursor", text -> cursor(list, text));
        parameters.finish();
        return new ListPage(list, limit, after);
    }

    /** One more than the limit shows whether there is a further page. */
    int toRead() {
        return limit + 1;
    }

    /** The page of what was read. */
    Cut cut(List<Named> read) {
        boolean more = read.size() > limit;
        List<Named> shown = more ? read.subList(0, limit) : read;
        return new Cut(shown, more ? encode(shown.get(limit - 1)) : null);
    }

    private String encode(Named last) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((list + " " + last.id() + " " + last.name()).getBytes(StandardCharsets.UTF_8));
    }

    private static Named cursor(String list, String text) throws Fault {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", 3);
            if (parts.length == 3
                    && parts[0].equals(list)
                    && Uuids.parse(parts[1]).isPresent()
                    && parts[2].indexOf('\0') < 0) {
                return new Named(Uuids.parse(parts[1]).get(), parts[2]);
            }
        } catch (IllegalArgumentException e) {
            // Reported below.
        }
        throw new Fault("not a cursor (expected: nextCursor of an earlier response)");
    }
}

package io.inference.analytics.usage;

import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.Query;

/**
 * Conditions that only raw events can meet, as rollups hold neither error codes nor metadata.
 *
 * @param errorCodes only these; empty means all
 * @param metadata for each of these keys only these values; an event needs them all
 * @param without for each of these keys the events without it, in addition to those with one of its values
 */
record RawFilter(Set<String> errorCodes, Map<String, Set<String>> metadata, Set<String> without) {

    static final RawFilter NONE = new RawFilter(Set.of(), Map.of(), Set.of());

    static final String ERROR_CODE_DESCRIPTION =
            "Only events with these error codes; repeatable, or a list with commas, at most 100. As a code may hold a comma, a list"
                    + " also finds the code that it is; given more than once, no value is a list. Reads raw events: at most 7"
                    + " days";

    static final String METADATA_DESCRIPTION =
            "metadata.KEY=VALUE: only events whose metadata has this value at this key. Repeatable, or a list with commas as in"
                    + " errorCode: any of the values of a key, and all of the keys, at most 32. The value may be empty. Reads"
                    + " raw events: at most 7 days";

    static final String WITHOUT_METADATA = "withoutMetadata";

    static final String WITHOUT_METADATA_DESCRIPTION =
            "Only events without this key of metadata; next to metadata.KEY of the same key, these as well. Repeatable, or a"
                    + " list with commas as in errorCode. Reads raw events: at most 7 days";

    /** How the names of parameters begin that choose by metadata, and the value of {@code by} that splits by it. */
    static final String METADATA = "metadata.";

    /** As in usage events. */
    private static final int ERROR_CODE_LENGTH_MAX = 100;

    /** As in usage events: no more can match. */
    private static final int KEYS_MAX = 32;

    /** As in usage events, where it bounds all metadata of an event. */
    private static final int METADATA_LENGTH_MAX = 4_096;

    static RawFilter parse(QueryParameters parameters) {
        Set<String> errorCodes =
                parameters.repeatableWhole("errorCode", ParameterValues.text("an error code", ERROR_CODE_LENGTH_MAX));
        Map<String, Set<String>> metadata = parameters.repeatableByKey(
                METADATA, RawFilter::key, ParameterValues.text("a value", METADATA_LENGTH_MAX));
        if (metadata.size() > KEYS_MAX) {
            parameters.fault(
                    METADATA + "KEY",
                    METADATA + "KEY: " + metadata.size() + " keys (expected: at most " + KEYS_MAX
                            + ", as many as an event has)");
        }
        return new RawFilter(errorCodes, metadata, parameters.repeatableWhole(WITHOUT_METADATA, RawFilter::key));
    }

    /** A key of metadata. */
    static String key(String text) throws QueryParameters.Fault {
        return ParameterValues.text("a key", METADATA_LENGTH_MAX).parse(text);
    }

    boolean isEmpty() {
        return errorCodes.isEmpty() && metadata.isEmpty() && without.isEmpty();
    }

    boolean isAboutMetadata() {
        return !metadata.isEmpty() || !without.isEmpty();
    }

    /** What the caller asked for, as the caller wrote it; empty when there is no condition. */
    Optional<String> asked() {
        if (!errorCodes.isEmpty()) {
            return Optional.of("errorCode");
        }
        if (!metadata.isEmpty()) {
            return Optional.of(METADATA + "KEY");
        }
        return without.isEmpty() ? Optional.empty() : Optional.of(WITHOUT_METADATA);
    }

    /** The conditions; a statement that has them calls {@link #bind}. */
    String sql() {
        StringBuilder sql = new StringBuilder(errorCodes.isEmpty() ? "" : "and error_code = any (:error_codes)\n");
        for (int i = 0; i < keys().size(); i++) {
            String value = "metadata ->> :metadata_key%d::text".formatted(i);
            sql.append("and (%1$s = any (:metadata_values%2$d) or (:metadata_without%2$d and %1$s is null))\n"
                    .formatted(value, i));
        }
        return sql.toString();
    }

    void bind(Query select) {
        if (!errorCodes.isEmpty()) {
            select.bindArray("error_codes", String.class, errorCodes);
        }
        List<String> keys = keys();
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i);
            select.bind("metadata_key" + i, key)
                    .bindArray("metadata_values" + i, String.class, metadata.getOrDefault(key, Set.of()))
                    .bind("metadata_without" + i, without.contains(key));
        }
    }

    private List<String> keys() {
        return Stream.concat(metadata.keySet().stream(), without.stream())
                .distinct()
                .toList();
    }
}

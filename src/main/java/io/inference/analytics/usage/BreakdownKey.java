package io.inference.analytics.usage;

import io.inference.analytics.web.QueryParameters;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a breakdown has one row for each of, with the key of the metadata where it is the values of one.
 *
 * @param by what
 * @param metadataKey whose values; empty for everything but metadata
 */
record BreakdownKey(BreakdownBy by, Optional<String> metadataKey) {

    private static final List<BreakdownBy> PARTS = Stream.of(BreakdownBy.values())
            .filter(by -> by != BreakdownBy.METADATA)
            .toList();

    /** What a caller can ask for. */
    static final String EXPECTED =
            PARTS.stream().map(BreakdownBy::wireName).collect(Collectors.joining(", ")) + " or metadata.KEY";

    static BreakdownKey of(BreakdownBy by) {
        return new BreakdownKey(by, Optional.empty());
    }

    static BreakdownKey parse(String text) throws QueryParameters.Fault {
        if (text.startsWith(RawFilter.METADATA) && text.length() > RawFilter.METADATA.length()) {
            return new BreakdownKey(
                    BreakdownBy.METADATA, Optional.of(RawFilter.key(text.substring(RawFilter.METADATA.length()))));
        }
        return PARTS.stream()
                .filter(part -> part.wireName().equals(text))
                .map(BreakdownKey::of)
                .findFirst()
                .orElseThrow(() -> new QueryParameters.Fault("not a known value (expected: " + EXPECTED + ")"));
    }

    /** As the caller wrote it. */
    String wireName() {
        return metadataKey.map(key -> RawFilter.METADATA + key).orElseGet(by::wireName);
    }

    /** Whether rollups do not hold it. */
    boolean readsRawEvents() {
        return by == BreakdownBy.ERROR_CODE || by == BreakdownBy.METADATA;
    }

    /**
     * The SQL of an event's place in the ranking; the empty text for events that have none. The empty text is a value of metadata
     * like any other, so a mark stands before those.
     */
    String sql() {
        return switch (by) {
            case MODEL -> "model_id::text collate \"C\"";
            case CLIENT -> "client_id collate \"C\"";
            case USER -> "coalesce(user_id::text, '') collate \"C\"";
            case STATUS -> "status collate \"C\"";
            case ERROR_CODE -> "coalesce(error_code, '') collate \"C\"";
            case METADATA -> "coalesce('=' || (metadata ->> :metadata_key::text), '') collate \"C\"";
        };
    }

    /** What the row of a place is about; empty for events that have none. */
    Optional<String> shown(String place) {
        return Optional.of(place)
                .filter(text -> !text.isEmpty())
                .map(text -> by == BreakdownBy.METADATA ? text.substring(1) : text);
    }
}

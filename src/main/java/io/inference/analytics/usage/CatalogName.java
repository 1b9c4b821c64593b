package io.inference.analytics.usage;

import java.util.Optional;

/**
 * The name of an organisation or a model as people read it.
 *
 * @param text 1 to 200 characters without control characters, blanks around it removed
 */
public record CatalogName(String text) {

    private static final int CHARACTERS_MAX = 200;

    /** What a name has to be, in words. */
    public static final String EXPECTED = "1 to " + CHARACTERS_MAX + " characters, no control characters";

    /** Empty when the text is not a name. */
    public static Optional<CatalogName> parse(String text) {
        String stripped = text.strip();
        return stripped.isEmpty()
                        || stripped.length() > CHARACTERS_MAX
                        || text.chars().anyMatch(Character::isISOControl)
                ? Optional.empty()
                : Optional.of(new CatalogName(stripped));
    }
}

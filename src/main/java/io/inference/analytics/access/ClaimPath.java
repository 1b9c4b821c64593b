package io.inference.analytics.access;

import io.inference.analytics.platform.Failure;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.jwt.JsonWebToken;

/**
 * Where a token has a list of texts: the name of a claim, such as {@code roles} or {@code
 * https://example.com/roles}, or a path into objects, such as {@code realm_access.roles}. A claim
 * that is named exactly like the whole path wins. A single text counts as a list of one.
 */
record ClaimPath(String path) {

    /**
     * The texts; empty when the token has no such claim.
     *
     * @throws Failure.Unauthorized when the claim holds anything else
     */
    Optional<List<String>> in(JsonWebToken token) {
        Object whole = token.getClaim(path);
        if (isGiven(whole)) {
            return Optional.of(texts(whole));
        }
        for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
            if (token.getClaim(path.substring(0, dot)) instanceof Map<?, ?> object) {
                Optional<List<String>> found = in(object, path.substring(dot + 1));
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<List<String>> in(Map<?, ?> object, String rest) {
        if (isGiven(object.get(rest))) {
            return Optional.of(texts(object.get(rest)));
        }
        for (int dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.', dot + 1)) {
            if (object.get(rest.substring(0, dot)) instanceof Map<?, ?> inner) {
                Optional<List<String>> found = in(inner, rest.substring(dot + 1));
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isGiven(Object value) {
        return value != null && value != JsonValue.NULL;
    }

    private List<String> texts(Object value) {
        Iterable<?> items = value instanceof Iterable<?> many && !(value instanceof Map) ? many : single(value);
        List<String> texts = new ArrayList<>();
        for (Object item : items) {
            texts.add(text(item).orElseThrow(this::unfit));
        }
        return texts;
    }

    private List<?> single(Object value) {
        return List.of(text(value).orElseThrow(this::unfit));
    }

    private static Optional<String> text(Object value) {
        return value instanceof JsonString json
                ? Optional.of(json.getString())
                : value instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private Failure.Unauthorized unfit() {
        return new Failure.Unauthorized("The claim " + path + " of the token is not a string or an array of strings.");
    }

    @Override
    public String toString() {
        return path;
    }
}

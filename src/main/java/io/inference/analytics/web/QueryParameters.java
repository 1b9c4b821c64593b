package io.inference.analytics.web;

import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.Failure.FieldError;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Strict reading of a query string: unknown names, empty values, values over the limits and repetitions of what may not repeat
 * are faults. All faults are gathered and thrown together by {@link #finish()}.
 */
public final class QueryParameters {

    /** Bounds the work that one request can ask for, far above what people write. */
    static final int VALUES_MAX = 100;

    private final Map<String, List<String>> given;
    private final Set<String> known = new TreeSet<>();
    private final List<FieldError> errors = new ArrayList<>();

    private QueryParameters(Map<String, List<String>> given) {
        this.given = given;
    }

    public static QueryParameters of(Map<String, List<String>> given) {
        return new QueryParameters(given);
    }

    /** A value that cannot be used; the message says what is expected. */
    public static final class Fault extends Exception {
        private static final long serialVersionUID = 1;

        public Fault(String message) {
            super(message, null, false, false);
        }
    }

    /** Makes a value of a parameter's text. */
    @FunctionalInterface
    public interface Parser<T> {
        T parse(String text) throws Fault;
    }

    /** Whether the caller gave the parameter, soundly or not. */
    public boolean has(String name) {
        return given.containsKey(name);
    }

    /** The parameter's one value; empty when it is missing or faulty. */
    public <T> Optional<T> optional(String name, Parser<T> parser) {
        known.add(name);
        List<String> values = given.getOrDefault(name, List.of());
        if (values.size() > 1) {
            fault(name, name + ": given " + values.size() + " times (expected: once)");
            return Optional.empty();
        }
        return values.isEmpty() ? Optional.empty() : parse(name, values.get(0), parser);
    }

    /** The parameter's one value; a missing one is a fault. Empty only when there was a fault. */
    public <T> Optional<T> required(String name, String expected, Parser<T> parser) {
        if (!given.containsKey(name)) {
            fault(name, name + ": missing (expected: " + expected + ")");
        }
        return optional(name, parser);
    }

    /**
     * All values of a repeatable parameter, each once, in the order given. {@code a,b} is the same as giving the parameter twice.
     */
    public <T> Set<T> repeatable(String name, Parser<T> parser) {
        return parsed(
                name,
                given.getOrDefault(name, List.of()).stream()
                        .flatMap(value -> Stream.of(value.split(",", -1)))
                        .toList(),
                parser);
    }

    /**
     * The same for values that may hold a comma themselves. Given once, {@code a,b} means a, b, and
     * the value that is the whole text; given more than once, each value is whole.
     */
    public <T> Set<T> repeatableWhole(String name, Parser<T> parser) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.size() != 1) {
            return parsed(name, values, parser);
        }
        String only = values.get(0);
        List<String> parts =
                Stream.of(only.split(",", -1)).filter(part -> !part.isEmpty()).toList();
        Set<T> parsed = parsed(name, parts.isEmpty() ? values : parts, parser);
        if (parts.size() > 1) {
            try {
                parsed.add(parser.parse(only));
            } catch (Fault e) {
                // Longer than a value may be, so it can only be a list.
                return parsed;
            }
        }
        return parsed;
    }

    /**
     * The values of all parameters whose names begin with a prefix, by what follows it, each as in {@link #repeatableWhole},
     * and any of them may be empty.
     *
     * @param keys checks what follows the prefix; without anything after the prefix a name is unknown
     */
    public Map<String, Set<String>> repeatableByKey(String prefix, Parser<String> keys, Parser<String> parser) {
        known.add(prefix + "KEY");
        Map<String, Set<String>> parsed = new TreeMap<>();
        for (String name : given.keySet()) {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                known.add(name);
                parse(name, name.substring(prefix.length()), keys)
                        .ifPresent(key -> parsed.put(key, wholeOrEmpty(name, parser)));
            }
        }
        return parsed;
    }

    /** As {@link #repeatableWhole}; the empty text is a value, too. */
    private Set<String> wholeOrEmpty(String name, Parser<String> parser) {
        List<String> values = given.get(name);
        if (!values.contains("")) {
            return repeatableWhole(name, parser);
        }
        Set<String> parsed =
                parsed(name, values.stream().filter(value -> !value.isEmpty()).toList(), parser);
        parsed.add("");
        return parsed;
    }

    private <T> Set<T> parsed(String name, List<String> values, Parser<T> parser) {
        known.add(name);
        if (values.size() > VALUES_MAX) {
            fault(name, name + ": given " + values.size() + " times (expected: at most " + VALUES_MAX + ")");
            return new LinkedHashSet<>();
        }
        Set<T> parsed = new LinkedHashSet<>();
        for (String value : values) {
            parse(name, value, parser).ifPresent(parsed::add);
        }
        return parsed;
    }

    private <T> Optional<T> parse(String name, String value, Parser<T> parser) {
        if (value.isEmpty()) {
            fault(name, name + ": empty (expected: a value)");
            return Optional.empty();
        }
        try {
            return Optional.of(parser.parse(value));
        } catch (Fault e) {
            fault(name, name + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Notes a fault that only shows when several parameters are seen together. */
    public void fault(String name, String message) {
        errors.add(new FieldError(name, message));
    }

    /** Whether nothing is wrong so far. */
    public boolean sound() {
        return errors.isEmpty();
    }

    /**
     * Ends the reading: every name that was never asked for is unknown.
     *
     * @throws Failure.Invalid with every fault, if there is one
     */
    public void finish() {
        for (String name : given.keySet()) {
            if (!known.contains(name)) {
                fault(
                        name,
                        name + ": unknown parameter (expected"
                                + (known.isEmpty() ? ": none)" : " one of: " + String.join(", ", known) + ")"));
            }
        }
        if (!errors.isEmpty()) {
            throw new Failure.Invalid(errors);
        }
    }

    /** A parser for one of a few words. */
    public static <T> Parser<T> oneOf(T[] values, Function<T, String> wireName) {
        return text -> {
            List<String> names = new ArrayList<>();
            for (T value : values) {
                if (wireName.apply(value).equals(text)) {
                    return value;
                }
                names.add(wireName.apply(value));
            }
            throw new Fault("not a known value (expected one of: " + String.join(", ", names) + ")");
        };
    }
}

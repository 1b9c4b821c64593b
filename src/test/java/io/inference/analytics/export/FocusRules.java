package io.inference.analytics.export;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.stream.Collectors;

/**
 * What FOCUS requires of the columns of our files, as a table: {@code src/test/resources/focus/1.4.rules} and {@code 1.2.rules}. A line
 * is the id of a requirement, when it applies, and what must hold of each row.
 */
final class FocusRules {

    private static final String DECIMAL = "-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?";

    private record Rule(String id, Form when, Form must) {}

    /** A word with its arguments, which are forms, names of columns, texts in quotes or null. */
    private record Form(String word, List<Form> arguments) {

        String text(int argument) {
            String word = arguments.get(argument).word();
            return word.startsWith("'") ? word.substring(1, word.length() - 1) : word;
        }

        boolean isNull(int argument) {
            return arguments.get(argument).word().equals("null");
        }
    }

    private final List<Rule> rules = new ArrayList<>();

    private FocusRules() {}

    static FocusRules of(String version) {
        FocusRules table = new FocusRules();
        try (InputStream file = FocusRules.class.getResourceAsStream("/focus/" + version + ".rules")) {
            new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t"))
                    .forEach(cells -> table.rules.add(
                            new Rule(cells[0], cells[1].equals("-") ? null : form(cells[1]), form(cells[2]))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    int size() {
        return rules.size();
    }

    /** Every rule that a row breaks, with the row; empty when the file conforms. */
    List<String> broken(List<String> header, List<Map<String, String>> rows) {
        List<String> broken = new ArrayList<>();
        for (Rule rule : rules) {
            switch (rule.must().word()) {
                case "present" -> {
                    if (!header.contains(rule.must().text(0))) {
                        broken.add(rule.id() + ": no column");
                    }
                }
                case "one" -> severalOf(rule, rows).forEach(value -> broken.add(rule.id() + ": " + value));
                default ->
                    rows.stream()
                            .filter(row -> rule.when() == null || holds(rule.when(), row))
                            .filter(row -> !holds(rule.must(), row))
                            .forEach(row -> broken.add(rule.id() + ": " + row));
            }
        }
        return broken;
    }

    private static Set<String> severalOf(Rule rule, List<Map<String, String>> rows) {
        Map<String, Set<String>> others = new HashMap<>();
        rows.stream()
                .filter(row -> rule.when() == null || holds(rule.when(), row))
                .forEach(row -> others.computeIfAbsent(row.get(rule.must().text(0)), any -> new HashSet<>())
                        .add(row.get(rule.must().text(1))));
        return others.entrySet().stream()
                .filter(entry -> entry.getValue().size() > 1)
                .map(Object::toString)
                .collect(Collectors.toSet());
    }

    private static boolean holds(Form form, Map<String, String> row) {
        return switch (form.word()) {
            case "and" -> form.arguments().stream().allMatch(each -> holds(each, row));
            case "or" -> form.arguments().stream().anyMatch(each -> holds(each, row));
            case "is" -> is(form, row);
            case "not" -> !is(form, row);
            default -> ofValues(form, row);
        };
    }

    private static boolean is(Form form, Map<String, String> row) {
        String cell = row.get(form.text(0));
        return form.isNull(1) ? cell.isEmpty() : cell.equals(form.text(1));
    }

    private static boolean ofValues(Form form, Map<String, String> row) {
        List<String> cells = form.arguments().stream()
                .map(argument -> row.getOrDefault(argument.word(), argument.word()))
                .toList();
        String first = cells.get(0);
        if (first.isEmpty()) {
            return true;
        }
        return switch (form.word()) {
            case "decimal", "number" -> first.matches(DECIMAL);
            case "datetime", "utc" -> time(first);
            case "string", "text" -> first.equals(first.strip()) && !first.equalsIgnoreCase("null");
            case "currency" -> first.matches("[A-Z]{3}");
            case "json", "keys" -> flat(first);
            case "same" -> equal(first, cells.get(1));
            case "differ" -> !equal(first, cells.get(1));
            case "atleast" -> new BigDecimal(first).compareTo(new BigDecimal(form.text(1))) >= 0;
            case "product" ->
                new BigDecimal(first).multiply(new BigDecimal(cells.get(1))).compareTo(new BigDecimal(cells.get(2)))
                        == 0;
            case "before" -> Instant.parse(first).isBefore(Instant.parse(cells.get(1)));
            case "notafter" -> !Instant.parse(first).isAfter(Instant.parse(cells.get(1)));
            default -> throw new IllegalArgumentException(form.word());
        };
    }

    private static boolean time(String cell) {
        try {
            return cell.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
                    && Instant.parse(cell) != null;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean equal(String a, String b) {
        return a.matches(DECIMAL) && b.matches(DECIMAL)
                ? new BigDecimal(a).compareTo(new BigDecimal(b)) == 0
                : a.equals(b);
    }

    /** An object without objects and lists in it. */
    private static boolean flat(String cell) {
        JsonNode node = Figures.parse(cell);
        boolean flat = node.isObject();
        for (JsonNode value : node) {
            flat &= value.isValueNode();
        }
        return flat;
    }

    private static Form form(String text) {
        return form(new StringTokenizer(text, "()' ", true));
    }

    private static Form form(StringTokenizer words) {
        String token = words.nextToken();
        while (token.equals(" ")) {
            token = words.nextToken();
        }
        if (token.equals("'")) {
            return new Form("'" + words.nextToken("'") + words.nextToken("()' "), List.of());
        }
        if (!token.equals("(")) {
            return new Form(token, List.of());
        }
        String word = words.nextToken();
        List<Form> arguments = new ArrayList<>();
        while (true) {
            Form next = form(words);
            if (next.word().equals(")")) {
                return new Form(word, arguments);
            }
            arguments.add(next);
        }
    }
}

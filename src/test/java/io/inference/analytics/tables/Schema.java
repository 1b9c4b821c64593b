package io.inference.analytics.tables;

import io.inference.analytics.testing.SourceFiles;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What the migrations of both storage flavours create: tables, views, and functions with what they use. */
final class Schema {

    private static final Pattern COMMENT = Pattern.compile("(?s)--[^\\n]*|/\\*.*?\\*/");

    private static final Pattern TABLE =
            Pattern.compile("create\\s+table\\s+(?:if\\s+not\\s+exists\\s+)?(?:analytics|nonfinancial)\\.(\\w+)");

    private static final Pattern VIEW = Pattern.compile(
            "create\\s+(?:or\\s+replace\\s+)?(?:materialized\\s+)?view\\s+(?:analytics|nonfinancial)\\.(\\w+)");

    private static final Pattern FUNCTION = Pattern.compile(
            "(?s)create\\s+(?:or\\s+replace\\s+)?function\\s+analytics\\.(\\w+)\\s*\\(.*?\\$\\$(.*?)\\$\\$");

    private final Set<String> tables = new TreeSet<>();
    private final Set<String> views = new TreeSet<>();
    private final Map<String, String> bodies = new TreeMap<>();
    private final Map<String, SqlUse> named;

    /** @param named what functions change whose statements are made at run time */
    Schema(Path migrations, Map<String, SqlUse> named) {
        this.named = named;
        SourceFiles.below(migrations, ".sql")
                .forEach(file -> add(COMMENT.matcher(SourceFiles.text(file)).replaceAll("")));
    }

    private void add(String sql) {
        TABLE.matcher(sql).results().forEach(table -> tables.add(table.group(1)));
        VIEW.matcher(sql).results().forEach(view -> views.add(view.group(1)));
        FUNCTION.matcher(sql)
                .results()
                .forEach(function -> bodies.merge(function.group(1), body(function), String::concat));
    }

    private static String body(MatchResult function) {
        return function.group(2) + "\n";
    }

    Set<String> tables() {
        return tables;
    }

    /** Those of the names that are a table or a view. */
    Set<String> known(Set<String> names) {
        Set<String> known = new TreeSet<>(names);
        known.removeIf(name -> !tables.contains(name) && !views.contains(name));
        return known;
    }

    /** What a function and those that it calls use; nothing when there is no such function. */
    SqlUse function(String name) {
        String body = bodies.get(name);
        if (body == null) {
            return SqlUse.NONE;
        }
        return SqlUse.of(body, this).and(named.getOrDefault(name, SqlUse.NONE));
    }

    /** The functions that put a statement together at run time. */
    Set<String> executing() {
        Set<String> executing = new TreeSet<>(bodies.keySet());
        executing.removeIf(name -> !bodies.get(name).contains("execute "));
        return executing;
    }

    /** The names without their schema. */
    Set<String> withoutSchema() {
        Set<String> found = new TreeSet<>();
        bodies.forEach(
                (name, body) -> SqlUse.withoutSchema(body, this).forEach(table -> found.add(name + ": " + table)));
        return found;
    }
}

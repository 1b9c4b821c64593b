package io.inference.analytics.tables;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The tables and views that a piece of SQL uses.
 *
 * @param changes those whose rows it inserts, changes, deletes or locks
 * @param reads the other ones that it names
 */
record SqlUse(Set<String> changes, Set<String> reads) {

    static final SqlUse NONE = new SqlUse(Set.of(), Set.of());

    private static final String NAME = "(?<![\\w.])(?:analytics|nonfinancial)\\.(\\w+)\\b";

    private static final Pattern CHANGED = Pattern.compile(
            "\\b(?:insert\\s+into|update(?:\\s+only)?|delete\\s+from(?:\\s+only)?|truncate(?:\\s+table)?"
                    + "|merge\\s+into|lock\\s+table|copy|drop\\s+table)\\s+" + NAME,
            Pattern.CASE_INSENSITIVE);

    /** A name in the schema that is no function's, as a call has an opening parenthesis. */
    private static final Pattern NAMED = Pattern.compile(NAME + "(?!\\s*\\()");

    private static final Pattern CALLED = Pattern.compile(NAME + "\\s*\\(");

    /** A name that only stands for an advisory lock. */
    private static final Pattern LOCK_KEY = Pattern.compile("hashtext(?:extended)?\\('[^']*'");

    /** A table that a room names without its schema. */
    private static final Pattern BARE = Pattern.compile("\\b(?:from|join|into|update)\\s+(\\w+)\\b(?!\\s*[.(])");

    /** Where a statement has a table's name that is not yet in its text. */
    private static final Pattern AT_RUN_TIME = Pattern.compile(
            "(?:\\bselect\\b[^;]*\\bfrom|^\\s*from|\\bdelete\\s+from|\\binto|\\bjoin|^\\s*update|\\bcopy|\\btable)\\s+"
                    + "(?:%(?:\\d+\\$)?[sI]|<\\w+>|" + JavaTexts.HOLE + ")"
                    + "|(?<![\\w.])(?:analytics|nonfinancial)\\.(?:%|<|" + JavaTexts.HOLE + ")",
            Pattern.CASE_INSENSITIVE);

    static SqlUse changing(String... tables) {
        return new SqlUse(Set.of(tables), Set.of());
    }

    static SqlUse reading(String... tables) {
        return new SqlUse(Set.of(), Set.of(tables));
    }

    /** What the text itself says, and what the functions do that it calls. */
    static SqlUse of(String sql, Schema schema) {
        String said = LOCK_KEY.matcher(sql).replaceAll("");
        SqlUse use = NONE.and(new SqlUse(schema.known(all(CHANGED, said)), schema.known(all(NAMED, said))));
        for (String function : all(CALLED, sql)) {
            use = use.and(schema.function(function));
        }
        return use;
    }

    static Set<String> withoutSchema(String sql, Schema schema) {
        return schema.known(all(BARE, sql));
    }

    static boolean namesTheSchema(String sql) {
        return NAMED.matcher(sql).find() || AT_RUN_TIME.matcher(sql).find();
    }

    static boolean isBuiltAtRunTime(String sql) {
        return AT_RUN_TIME.matcher(sql).find();
    }

    SqlUse and(SqlUse other) {
        Set<String> changed = union(changes, other.changes);
        Set<String> read = union(reads, other.reads);
        read.removeAll(changed);
        return new SqlUse(changed, read);
    }

    private static Set<String> union(Set<String> some, Set<String> others) {
        Set<String> all = new TreeSet<>(some);
        all.addAll(others);
        return all;
    }

    private static Set<String> all(Pattern pattern, String sql) {
        Stream<String> names = pattern.matcher(sql).results().map(result -> result.group(1));
        return new TreeSet<>(names.toList());
    }
}

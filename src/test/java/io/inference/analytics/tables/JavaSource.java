package io.inference.analytics.tables;

import io.inference.analytics.testing.SourceFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The SQL in a Java source.
 *
 * @param name the room and the file, such as {@code usage/UsageStore.java}
 * @param texts its literals
 */
record JavaSource(String name, List<String> texts) {

    static JavaSource of(Path file) {
        return new JavaSource(
                file.getParent().getFileName() + "/" + file.getFileName(), JavaTexts.of(SourceFiles.text(file)));
    }

    /** What its statements use; tables that a statement gets at run time count as read. */
    SqlUse use(Schema schema) {
        SqlUse use = new SqlUse(Set.of(), inserted(schema));
        for (String text : texts) {
            use = use.and(SqlUse.of(text, schema));
        }
        return use;
    }

    /** Whether the text of a statement does not say which table it uses. */
    boolean isBuiltAtRunTime(Schema schema) {
        return texts.stream().anyMatch(SqlUse::isBuiltAtRunTime)
                || !inserted(schema).isEmpty();
    }

    /** The literals that are a table's name and nothing else, in a source with SQL. */
    private Set<String> inserted(Schema schema) {
        Set<String> names = new TreeSet<>(texts);
        // A single word, such as models, stands for much else.
        names.removeIf(name -> !name.contains("_"));
        return texts.stream().anyMatch(SqlUse::namesTheSchema) ? schema.known(names) : Set.of();
    }

    /** Tables that it names without their schema. */
    Set<String> withoutSchema(Schema schema) {
        Set<String> bare = new TreeSet<>();
        texts.forEach(text -> SqlUse.withoutSchema(text, schema).forEach(table -> bare.add(name + ": " + table)));
        return bare;
    }
}

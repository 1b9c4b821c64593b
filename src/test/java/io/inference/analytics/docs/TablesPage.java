package io.inference.analytics.docs;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/**
 * Makes {@code docs/tables.md} from the comments of a migrated database. Relations without a comment are internal and not on the
 * page. Both storage flavours give the same page.
 */
final class TablesPage {

    static final Path PAGE = Path.of("docs/tables.md");

    private static final int WIDTH = 98;

    private static final String COLUMNS =
            """
            select case nspname when 'analytics' then '' else nspname || '.' end || relname as relation,
                   obj_description(c.oid, 'pg_class') as purpose, attname as name,
                   format_type(atttypid, atttypmod) as type, coalesce(col_description(c.oid, attnum), '') as meaning
            from pg_class c
            join pg_namespace n on n.oid = relnamespace
            join pg_attribute a on attrelid = c.oid
            where nspname in ('analytics', 'nonfinancial') and obj_description(c.oid, 'pg_class') is not null
              and relkind in ('r', 'p', 'v', 'm') and not relispartition and attnum > 0 and not attisdropped
            order by nspname, relname, attnum
            """;

    /** A column as the page shows it. */
    record Column(String name, String type, String meaning) {}

    /** A table or view as the page shows it. */
    record Relation(String purpose, List<Column> columns) {}

    private TablesPage() {}

    static Map<String, Relation> relations(DataSource database) throws SQLException {
        Map<String, Relation> relations = new LinkedHashMap<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(COLUMNS)) {
            while (rows.next()) {
                String purpose = rows.getString("purpose");
                relations
                        .computeIfAbsent(rows.getString("relation"), any -> new Relation(purpose, new ArrayList<>()))
                        .columns()
                        .add(new Column(rows.getString("name"), rows.getString("type"), rows.getString("meaning")));
            }
        }
        return relations;
    }

    static String text(Map<String, Relation> relations) {
        StringBuilder page = new StringBuilder(
                """
                # Tables and views

                This page is generated from the comments in the database. To write it again:

                ```
                local-dev/test -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=TablesPageIT \\
                    -Danalytics.write-docs
                ```

                The relations are in schema `analytics` unless a name says otherwise, and are the same in both
                storage flavours. Relations that are not on this page are internal. Times are UTC. Columns whose
                names need no explanation follow in a block.
                """);
        relations.forEach((name, relation) -> {
            page.append("\n## %s\n\n%s.\n"
                    .formatted(name, wrapped(Arrays.asList(relation.purpose().split(" ")), " ")));
            List<Column> explained = relation.columns().stream()
                    .filter(column -> !column.meaning().isEmpty())
                    .toList();
            if (!explained.isEmpty()) {
                page.append("\n| Column | Type | Meaning |\n|---|---|---|\n");
                explained.forEach(column -> page.append("| `%s` | %s | %s |\n"
                        .formatted(
                                column.name(), column.type(), column.meaning().replace("|", "\\|"))));
            }
            if (explained.size() < relation.columns().size()) {
                List<String> others = relation.columns().stream()
                        .filter(column -> column.meaning().isEmpty())
                        .map(column -> column.name() + " " + column.type())
                        .toList();
                page.append("\n```\n").append(wrapped(others, ", ")).append("\n```\n");
            }
        });
        return page.toString();
    }

    private static String wrapped(List<String> parts, String separator) {
        StringBuilder lines = new StringBuilder();
        int width = 0;
        for (String part : parts) {
            if (width > 0) {
                boolean fits = width + separator.length() + part.length() <= WIDTH;
                lines.append(fits ? separator : separator.stripTrailing() + "\n");
                width = fits ? width + separator.length() : 0;
            }
            lines.append(part);
            width += part.length();
        }
        return lines.toString();
    }
}

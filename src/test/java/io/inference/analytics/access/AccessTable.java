package io.inference.analytics.access;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * Who may call what: one row per endpoint, one column per role. The page {@code docs/access-table.md} is generated from the annotations, a
 * test holds it to them, and another one reads it and tries every cell against the running service.
 */
final class AccessTable {

    static final java.nio.file.Path PAGE = java.nio.file.Path.of("docs/access-table.md");

    private static final UUID ORG = UUID.randomUUID();

    private AccessTable() {}

    /** What a cell says. */
    enum Cell {
        /** Without any credential. */
        OPEN("open"),
        /** In every organisation. */
        ALL("all"),
        /** In the organisations of the credential only. */
        OWN("own"),
        /** Allowed; no organisation is in the path. */
        YES("yes"),
        /** Refused with 403. */
        NO("–");

        private final String text;

        Cell(String text) {
            this.text = text;
        }

        static Cell of(String text) {
            return Arrays.stream(values())
                    .filter(cell -> cell.text.equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no cell: " + text));
        }
    }

    /** A row as the page has it. */
    record Row(String method, String path, List<Cell> cells) {}

    private static List<Method> endpoints() {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.inference.analytics");
        List<Method> found = new ArrayList<>();
        classes.stream().filter(type -> type.isAnnotatedWith(Path.class)).forEach(type -> Arrays.stream(
                        type.reflect().getDeclaredMethods())
                .filter(method -> verb(method) != null)
                .forEach(found::add));
        found.sort(Comparator.comparing((Method method) -> path(method)).thenComparing(method -> verb(method)));
        return found;
    }

    private static String verb(Method method) {
        for (Annotation annotation : method.getAnnotations()) {
            HttpMethod verb = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (verb != null) {
                return verb.value();
            }
        }
        return null;
    }

    private static String path(Method method) {
        Path own = method.getAnnotation(Path.class);
        String path = "/" + method.getDeclaringClass().getAnnotation(Path.class).value() + "/"
                + (own == null ? "" : own.value());
        return path.replaceAll("/+", "/").replaceAll("(.)/$", "$1");
    }

    private static Cell cell(Method method, Role role) {
        if (method.isAnnotationPresent(Open.class)) {
            return Cell.OPEN;
        }
        if (method.isAnnotationPresent(AnyCaller.class)) {
            return Cell.YES;
        }
        Requires requires = method.getAnnotation(Requires.class);
        if (requires == null) {
            return Cell.NO;
        }
        Caller caller = new Caller("somebody", java.util.Set.of(ORG), List.of(role.grant()));
        boolean everywhere = caller.hasEverywhere(requires.value());
        if (!caller.has(requires.value()) || (requires.everywhere() && !everywhere)) {
            return Cell.NO;
        }
        if (!path(method).contains("{orgId}")) {
            return Cell.YES;
        }
        return everywhere ? Cell.ALL : Cell.OWN;
    }

    private static String permission(Method method) {
        Requires requires = method.getAnnotation(Requires.class);
        return requires != null
                ? "`" + requires.value().wireName() + "`" + (requires.everywhere() ? " everywhere" : "")
                : method.isAnnotationPresent(AnyCaller.class) ? "any credential" : "none";
    }

    /** The page as the annotations and roles have it. */
    static String text() {
        StringBuilder page = new StringBuilder(
                """
                # Who may call what

                This page is generated: `mvn test -Dtest=AccessTableTest -Danalytics.write-docs` writes it again.
                A test tries every cell against the running service, for an organisation of the credential and
                for another.

                | Cell | Meaning |
                |---|---|
                | `all` | allowed in every organisation |
                | `own` | allowed in the organisations of the credential; 403 for another |
                | `yes` | allowed; the path names no organisation, and the answer shows the caller's own only |
                | `–` | 403 |
                | `open` | allowed without a credential |

                Everything but `open` is 401 without a valid credential.

                """);
        page.append("| Method | Path | Permission |");
        for (Role role : Role.values()) {
            page.append(" ").append(role.wireName()).append(" |");
        }
        page.append("\n|---|---|---|")
                .append("---|".repeat(Role.values().length))
                .append("\n");
        for (Method method : endpoints()) {
            page.append("| %s | `%s` | %s |".formatted(verb(method), path(method), permission(method)));
            for (Role role : Role.values()) {
                page.append(" ").append(cell(method, role).text).append(" |");
            }
            page.append("\n");
        }
        page.append("\n## What the roles hold\n\n| Role | Where | Permissions |\n|---|---|---|\n");
        for (Role role : Role.values()) {
            page.append("| %s | %s | %s |\n"
                    .formatted(
                            role.wireName(),
                            role.grant().allOrgs() ? "all organisations" : "those of the credential",
                            String.join(
                                    ", ",
                                    role.grant().permissions().stream()
                                            .sorted()
                                            .map(permission -> "`" + permission.wireName() + "`")
                                            .toList())));
        }
        return page.append(
                        "\nThe roles of a token may also name permissions, which then apply in the organisations of the token."
                                + "\nAn API key has permissions only.\n")
                .toString();
    }

    /** The rows of the stored page. */
    static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE, StandardCharsets.UTF_8)) {
            String[] columns = line.split("\\|", -1);
            if (columns.length == 5 + Role.values().length && columns[2].strip().startsWith("`/")) {
                rows.add(new Row(
                        columns[1].strip(),
                        columns[2].strip().replace("`", ""),
                        Arrays.stream(columns)
                                .skip(4)
                                .limit(Role.values().length)
                                .map(cell -> Cell.of(cell.strip()))
                                .toList()));
            }
        }
        return rows;
    }
}

package io.inference.analytics.devtools;

import io.inference.analytics.settings.Setting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes {@code docs/settings.md} from the sources: the variables from {@link Setting}, and every
 * other property from the interfaces with {@code @ConfigMapping}, their javadoc and their {@code
 * @WithDefault}.
 */
public final class SettingsPage {

    private static final Path SOURCES = Path.of("src/main/java");

    private static final Pattern MAPPING = Pattern.compile("@ConfigMapping\\(prefix = \"([^\"]+)\"\\)");
    private static final Pattern INTERFACE = Pattern.compile("^ *(?:public )?interface (\\w+) \\{", Pattern.MULTILINE);
    private static final Pattern METHOD = Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@WithDefault\\(\"([^\"]*)\"\\)\\s*)?(?:@WithName\\(\"([^\"]*)\"\\)\\s*)?"
                    + "([A-Za-z][A-Za-z<>.]*) (\\w+)\\(\\);",
            Pattern.DOTALL);

    /**
     * A property of a mapping.
     *
     * @param byDefault its {@code @WithDefault}; empty where it has none
     * @param mayBeAbsent whether its type is an {@code Optional}
     */
    public record Property(String name, String byDefault, boolean mayBeAbsent, String meaning) {}

    private SettingsPage() {}

    /** The page; its path in the repository is {@code docs/settings.md}. */
    public static String text() throws IOException {
        StringBuilder page = new StringBuilder(
                """
                # Settings

                This page is generated: `mvn test -Dtest=SettingsPageTest -Danalytics.write-docs` writes it again.

                A value comes from the environment variable, or from the property in the same row. Set a property
                as a Java system property, in the file `config/application.properties` of the working directory,
                or as a variable in upper case with underscores, such as `ANALYTICS_INGESTION_LATE_AFTER`. The
                property takes precedence over the variable. All values are checked before anything starts: each
                fault is one line on standard error, and the exit code is 1.

                Durations are a number with `ms`, `s`, `m`, `h` or `d`, or ISO 8601 (`PT1M30S`); a number without a
                unit counts seconds.

                ## Environment

                | Variable | Default | A value looks like | What it is for | Property |
                |---|---|---|---|---|
                """);
        for (Setting setting : Setting.values()) {
            page.append("| `%s` | %s | %s | %s | `%s` |\n"
                    .formatted(
                            setting.name(),
                            setting.required() ? "required" : code(setting.byDefault()),
                            setting.expected(),
                            setting.meaning(),
                            setting.property()));
        }
        page.append(
                """

                One of `JWT_PUBLIC_KEY` and `JWT_JWKS_URL` is required unless `ENABLE_RBAC` is `false`.

                ## Further properties

                They have no short variable name, because few installations change them.

                | Property | Default | What it is for |
                |---|---|---|
                """);
        for (Property property : mapped().values()) {
            if (Setting.of(property.name()).isEmpty()) {
                page.append("| `%s` | %s | %s |\n"
                        .formatted(property.name(), code(property.byDefault()), property.meaning()));
            }
        }
        return page.toString();
    }

    /**
     * The variables with their defaults, one per line: {@code local-dev/lib/settings.generated}.
     */
    public static String names() {
        return Stream.of(Setting.values())
                .map(setting -> setting + "=" + setting.byDefault() + "\n")
                .collect(Collectors.joining());
    }

    private static String code(String value) {
        return value.isEmpty() ? "" : "`" + value + "`";
    }

    /** The properties of all mappings by their names. */
    public static SortedMap<String, Property> mapped() throws IOException {
        SortedMap<String, Property> properties = new TreeMap<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(SOURCES)) {
            files = walk.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            String source = Files.readString(file, StandardCharsets.UTF_8);
            Matcher mapping = MAPPING.matcher(source);
            if (mapping.find()) {
                for (Property property : properties(mapping.group(1), source)) {
                    properties.put(property.name(), property);
                }
            }
        }
        return properties;
    }

    private static List<Property> properties(String prefix, String source) {
        Map<String, String> bodies = new LinkedHashMap<>();
        Matcher interfaces = INTERFACE.matcher(source);
        String outermost = null;
        while (interfaces.find()) {
            outermost = outermost == null ? interfaces.group(1) : outermost;
            bodies.put(interfaces.group(1), ownBody(source, interfaces.end()));
        }
        List<Property> found = new ArrayList<>();
        collect(prefix, outermost, bodies, found);
        return found;
    }

    /** From behind the opening brace to the one that closes it, without the bodies of types inside. */
    private static String ownBody(String source, int begin) {
        StringBuilder body = new StringBuilder();
        int depth = 1;
        for (int i = begin; i < source.length() && depth > 0; i++) {
            char c = source.charAt(i);
            // Braces of javadoc come in pairs on the same level and hold what belongs to the body.
            boolean inTag = c == '{' && source.startsWith("{@", i);
            if (inTag) {
                int end = source.indexOf('}', i);
                if (depth == 1) {
                    body.append(source, i, end + 1);
                }
                i = end;
                continue;
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 1) {
                body.append(c);
            }
        }
        return body.toString();
    }

    private static void collect(String prefix, String type, Map<String, String> bodies, List<Property> found) {
        Matcher method = METHOD.matcher(bodies.get(type));
        while (method.find()) {
            String name = Optional.ofNullable(method.group(3)).orElseGet(() -> kebab(method.group(5)));
            if (bodies.containsKey(method.group(4))) {
                collect(prefix + "." + name, method.group(4), bodies, found);
            } else {
                found.add(new Property(
                        prefix + "." + name,
                        Optional.ofNullable(method.group(2)).orElse(""),
                        method.group(4).startsWith("Optional"),
                        plain(method.group(1))));
            }
        }
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String plain(String javadoc) {
        return javadoc.replaceAll("\\s*\\n\\s*\\*?", " ")
                .replaceAll("\\{@code ([^}]*)}", "`$1`")
                .replaceAll("\\{@link ([^}]*)}", "$1")
                .replaceAll("\\s+", " ")
                .replace("|", "\\|")
                .strip();
    }
}

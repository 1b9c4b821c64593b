package io.inference.analytics.docs;

import java.nio.file.Path;
import java.util.List;

/** The page of what a start says when something is missing. */
final class FirstMinutesPage {

    static final Path PAGE = Path.of("docs/first-five-minutes.md");

    private FirstMinutesPage() {}

    /** A fault and the lines that a start with it prints. */
    record Case(String title, List<String> lines) {}

    static String text(List<Case> cases) {
        StringBuilder page = new StringBuilder(
                """
                # The first five minutes

                A start that cannot work ends with exit code 1 and prints one line per fault: the setting, what is
                wrong, and what the service expects. These are the lines, each from a start with that fault against
                real servers. Only the line matters; the log above it can be ignored.

                PostgreSQL must be version 15 or newer; an older one is refused with `DATABASE_URL: PostgreSQL 14.9
                is too old (expected: 15 or newer)`. Without the stream plugin of RabbitMQ, set
                `INGESTION_TRANSPORT=queue`. [proxies.md](proxies.md) says what to set behind a proxy and with a
                private certificate authority, [settings.md](settings.md) lists all settings.

                A broker that does not answer does not stop the service: it answers queries, reports the broker in
                `/analytics/v1/status/readyz`, and tries again. The lines about the broker below are those of
                `analytics stream status`; the running service logs the same causes.

                On a bare machine, `local-dev/run` installs what is missing. Where it cannot, it prints one line,
                such as these. Maven older than 3.8.6 is replaced by `mvnw`. `UnsupportedClassVersionError` means
                that `java` is older than 17.

                ```
                local-dev/run: missing: JDK 17 or later (install them; on Debian or Ubuntu root, or sudo without a password, does it here)
                local-dev/run: JAVA_HOME: JDK 11 (expected: 17 or later; or unset it)
                local-dev/run: port 8084 is taken by another program (set HTTP_PORT to another one)
                ```
                """);
        for (Case fault : cases) {
            page.append("\n## ").append(fault.title()).append("\n\n```\n");
            fault.lines().forEach(line -> page.append(line).append('\n'));
            page.append("```\n");
        }
        return page.toString();
    }
}

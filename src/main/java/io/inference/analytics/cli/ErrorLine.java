package io.inference.analytics.cli;

import io.inference.analytics.database.Sessions;
import io.inference.analytics.database.SqlState;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.NetworkCause;
import io.inference.analytics.settings.Setting;
import io.quarkus.runtime.QuarkusBindException;
import io.smallrye.config.ConfigValidationException;
import jakarta.enterprise.inject.CreationException;
import java.lang.reflect.InvocationTargetException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An error as one line for people at a terminal: what is wrong, its value, and what is expected. Takes the
 * outermost message that says something. Causes below it belong to libraries and may quote a whole URL
 * with its password.
 */
public final class ErrorLine {

    private static final Set<Class<?>> WRAPPERS = Set.of(
            RuntimeException.class,
            Exception.class,
            CreationException.class,
            InvocationTargetException.class,
            ExceptionInInitializerError.class);

    private static final Pattern EXCEPTION_CLASS = Pattern.compile("^([a-z][a-z0-9]*\\.)+[A-Z]\\w*: ");
    private static final Pattern UNSET = Pattern.compile("SRCFG00011: Could not expand value (\\w+)");
    private static final Pattern PROPERTY = Pattern.compile("config property (\\S+)");
    private static final Pattern NOT_ONE_OF =
            Pattern.compile("^Cannot convert (.*) to enum class \\S+, allowed values: (.*)$");
    private static final Pattern SECRET = Pattern.compile("(?i)url|key|password|secret|token|endpoint");

    /** States of a server that did answer: a violation of the protocol, a connection that it rejected. */
    private static final Set<String> ANSWERED = Set.of("08P01", "08004");

    /** PgBouncer's refusal of what every JDBC driver sends, and of transactions in statement mode. */
    private static final Pattern POOLER = Pattern.compile("unsupported startup parameter|pooling mode");

    private static final String POOLER_EXPECTED =
            " (expected: PostgreSQL itself, or PgBouncer in session mode with ignore_startup_parameters = extra_float_digits)";

    private ErrorLine() {}

    public static String of(Throwable failure) {
        List<Throwable> chain = chain(failure);
        for (Throwable link : chain) {
            if (link instanceof ConfigValidationException invalid) {
                return settingsLine(invalid);
            }
        }
        for (Throwable link : chain) {
            if (link instanceof Failure) {
                return firstLine(link);
            }
            if (link instanceof SQLException sql) {
                return sqlLine(sql);
            }
            if (link instanceof QuarkusBindException taken) {
                return "HTTP_PORT, MANAGEMENT_PORT: port %d cannot be used: %s (expected: ports that no other process listens on)"
                        .formatted(taken.getPort(), lastPart(firstLine(taken)));
            }
        }
        for (Throwable link : chain) {
            if (!WRAPPERS.contains(link.getClass())) {
                return firstLine(link);
            }
        }
        return firstLine(failure);
    }

    private static List<Throwable> chain(Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable link = failure; link != null && !chain.contains(link); link = link.getCause()) {
            chain.add(link);
        }
        return chain;
    }

    /** Every setting that is missing or malformed, by the name under which people set it; never a value that may be secret. */
    private static String settingsLine(ConfigValidationException invalid) {
        Set<String> lines = new LinkedHashSet<>();
        for (int i = 0; i < invalid.getProblemCount(); i++) {
            lines.add(settingLine(withoutClass(invalid.getProblem(i).getMessage())));
        }
        return String.join("; ", lines);
    }

    private static String settingLine(String problem) {
        Matcher unset = UNSET.matcher(problem);
        if (unset.find()) {
            return missing(unset.group(1));
        }
        Matcher property = PROPERTY.matcher(problem);
        if (!property.find()) {
            return problem;
        }
        if (problem.startsWith("SRCFG00040") || problem.startsWith("SRCFG00014")) {
            return missing(property.group(1));
        }
        Optional<Setting> setting = Setting.of(property.group(1));
        if (setting.filter(Setting::secret).isPresent()) {
            return setting.get().malformed("");
        }
        String name = setting.map(Setting::name).orElse(property.group(1));
        if (SECRET.matcher(name).find()) {
            return name + " is malformed";
        }
        String detail = problem.substring(problem.lastIndexOf("SRCFG"));
        return name + ": "
                + NOT_ONE_OF.matcher(detail.substring(detail.indexOf(' ') + 1)).replaceFirst("$1 (expected: $2)");
    }

    private static String missing(String name) {
        return Setting.of(name).map(Setting::missing).orElse(name + " is not set");
    }

    private static String withoutClass(String message) {
        return EXCEPTION_CLASS.matcher(message).replaceFirst("");
    }

    private static String sqlLine(SQLException e) {
        String state = e.getSQLState();
        if (state == null || SqlState.unreachable(e)) {
            return "DATABASE_URL: the database %s (SQLState %s): %s%s"
                    .formatted(
                            ANSWERED.contains(String.valueOf(state)) ? "refuses the connection" : "does not answer",
                            state,
                            answer(e),
                            POOLER.matcher(firstLine(e)).find() ? POOLER_EXPECTED : "");
        }
        if (SqlState.refusesLogin(e)) {
            return "DATABASE_URL: the database refuses user or password (SQLState %s)".formatted(state);
        }
        if (SqlState.lacksDatabase(e)) {
            return "DATABASE_URL: there is no such database (SQLState %s)".formatted(state);
        }
        if (SqlState.losesStatements(e)) {
            return Sessions.CHANGES;
        }
        if (SqlState.lacksSchema(e)) {
            return "the database has another schema version (SQLState %s; expected: `analytics migrate` has run)"
                    .formatted(state);
        }
        if (SqlState.lacksRight(e)) {
            return "DATABASE_URL: the user lacks a right (SQLState %s): %s (expected: the owner of schema analytics with CREATE and TEMPORARY on the database, or db/roles.sql after the last migration)"
                    .formatted(state, lastPart(firstLine(e)));
        }
        if (SqlState.is(e, SqlState.LOCK_NOT_AVAILABLE)) {
            return "another transaction holds a lock that this needs (SQLState %s; expected: try again when it has ended)"
                    .formatted(state);
        }
        return "SQLState %s: %s".formatted(state, firstLine(e));
    }

    /** What the driver or the server said. The driver has no password in its address, so its words hold none. */
    private static String answer(SQLException e) {
        String cause = e.getCause() == null ? firstLine(e) : NetworkCause.of(e);
        return firstLine(e).contains(cause) ? firstLine(e) : firstLine(e) + " " + cause;
    }

    /** What stands behind the last colon: the words without the number or the severity before them. */
    private static String lastPart(String line) {
        return line.substring(line.lastIndexOf(": ") + 1).strip();
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        String line = message == null ? "" : message.strip().lines().findFirst().orElse("");
        return line.isEmpty() ? e.getClass().getSimpleName() : withoutClass(line);
    }
}

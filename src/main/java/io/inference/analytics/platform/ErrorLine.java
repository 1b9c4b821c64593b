package io.inference.analytics.platform;

import io.smallrye.config.ConfigValidationException;
import jakarta.enterprise.inject.CreationException;
import java.lang.reflect.InvocationTargetException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * An error as one line for people at a terminal: what, value, expectation. Takes the outermost message that says something; causes
 * below it belong to libraries and may quote a whole URL with its password.
 */
public final class ErrorLine {

    private static final Set<Class<?>> WRAPPERS = Set.of(
            RuntimeException.class,
            Exception.class,
            CreationException.class,
            InvocationTargetException.class,
            ExceptionInInitializerError.class);

    private ErrorLine() {}

    public static String of(Throwable failure) {
        List<Throwable> chain = chain(failure);
        for (Throwable link : chain) {
            if (link instanceof Failure) {
                return firstLine(link);
            }
            if (link instanceof SQLException sql) {
                return sqlLine(sql);
            }
            if (link instanceof ConfigValidationException faults) {
                return settingsLine(faults);
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

    /** Properties without a name in the environment; those with one were looked at before. */
    private static String settingsLine(ConfigValidationException faults) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < faults.getProblemCount(); i++) {
            lines.add(faults.getProblem(i).getMessage().replaceAll("\\s+", " "));
        }
        return String.join("; ", lines);
    }

    private static String sqlLine(SQLException e) {
        String state = e.getSQLState();
        if (state == null || ReadDatabase.unreachable(e)) {
            return "DATABASE_URL: the database does not answer (SQLState %s)".formatted(state);
        }
        return switch (state) {
            case "28000", "28P01" ->
                "DATABASE_URL: the database refuses user or password (SQLState %s)".formatted(state);
            case "3D000" -> "DATABASE_URL: there is no such database (SQLState 3D000)";
            case "3F000", "42P01", "42883" ->
                "the database has another schema version (SQLState %s; expected: `analytics migrate` has run)"
                        .formatted(state);
            default -> "SQLState %s: %s".formatted(state, firstLine(e));
        };
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        String line = message == null ? "" : message.strip().lines().findFirst().orElse("");
        return line.isEmpty() ? e.getClass().getSimpleName() : line;
    }
}

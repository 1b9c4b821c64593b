package io.inference.analytics.database;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;

/** What a closed connection says of a pooler; the poolers themselves are in PgBouncerIT. */
class SessionsTest {

    /** What the next connection does: it fails in a transaction, at every statement, or not. */
    private enum Answers {
        STATEMENT_MODE,
        AWAY,
        SESSION
    }

    private static void check(Answers... connections) {
        List<Answers> left = new ArrayList<>(List.of(connections));
        Jdbi pool = Jdbi.create(() -> connection(left.remove(0), left.size()));
        try (Handle one = Jdbi.open(connection(Answers.SESSION, 99))) {
            Sessions.require(one, pool);
        }
    }

    @Test
    void aPoolerInStatementModeRefusesTransactionsOfEveryConnection() {
        assertThatThrownBy(() -> check(Answers.STATEMENT_MODE, Answers.STATEMENT_MODE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(Sessions.CHANGES);
    }

    @Test
    void aServerThatDiesDuringTheCheckIsNoPooler() {
        assertThatThrownBy(() -> check(Answers.STATEMENT_MODE, Answers.AWAY)).isInstanceOf(JdbiException.class);
        assertThatThrownBy(() -> check(Answers.STATEMENT_MODE, Answers.SESSION)).isInstanceOf(JdbiException.class);
        assertThatCode(() -> check(Answers.SESSION)).doesNotThrowAnyException();
    }

    private static Connection connection(Answers answers, int process) {
        boolean[] inTransaction = new boolean[1];
        ResultSet row = standIn(ResultSet.class, name -> name.equals("next") ? true : "process " + process);
        Statement statement = standIn(Statement.class, name -> {
            if (answers == Answers.AWAY || answers == Answers.STATEMENT_MODE && inTransaction[0]) {
                throw new SQLException("closed", SqlState.PROTOCOL_VIOLATION);
            }
            return row;
        });
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("setAutoCommit")) {
                        inTransaction[0] = !(boolean) arguments[0];
                    }
                    return switch (method.getName()) {
                        case "getAutoCommit" -> !inTransaction[0];
                        case "createStatement" -> statement;
                        case "isClosed" -> false;
                        default -> null;
                    };
                });
    }

    @FunctionalInterface
    private interface Answer {
        Object to(String method) throws SQLException;
    }

    private static <T> T standIn(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> method.getName().equals("close") ? null : answer.to(method.getName())));
    }
}

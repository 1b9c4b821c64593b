package io.inference.analytics.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.inference.analytics.database.StorageFlavour;
import io.inference.analytics.series.TimeRange;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the sessions when one of them fails; the answers of a database come in integration tests. */
class ExportSnapshotTest {

    private static final UUID ORG = new UUID(1, 1);
    private static final ExportOrder ORDER = new ExportOrder(
            new TimeRange(Instant.parse("2026-03-01T00:00:00Z"), Instant.parse("2026-03-02T00:00:00Z")),
            ExportGranularity.HOURLY,
            ZoneOffset.UTC,
            Set.of(),
            ExportFormat.CSV,
            CsvForm.DEFAULT,
            Optional.empty());

    private String failing = "";
    private int opened;
    private int open;

    @Test
    void aSnapshotBehindTheGuardLeavesOneSession() {
        ExportSnapshot snapshot = ExportSnapshot.of(database(), StorageFlavour.CITUS, ORG, ORDER);

        assertThat(opened).isEqualTo(2);
        assertThat(open).isEqualTo(1);
        snapshot.close();
        assertThat(open).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"the commit", "lock_timeout", "into analytics.ingest_guard", "select exists", "hours_behind"})
    void noSessionIsLeftWhenAStepFails(String step) {
        failing = step;

        assertThatThrownBy(() -> ExportSnapshot.of(database(), StorageFlavour.CITUS, ORG, ORDER))
                .isInstanceOf(JdbiException.class)
                .hasRootCauseMessage("at fault");
        assertThat(opened).isPositive();
        assertThat(open).isZero();
    }

    @Test
    void aFailedSumOfTheSameSessionIsThrownAsItself() {
        ExportSnapshot snapshot = ExportSnapshot.of(database(), StorageFlavour.CITUS, ORG, ORDER);
        failing = "from analytics.usage_events";

        assertThatThrownBy(() -> snapshot.rawEvents(database(), Runnable::run))
                .isInstanceOf(JdbiException.class)
                .hasRootCauseMessage("at fault");
    }

    private Jdbi database() {
        return Jdbi.create(this::connection);
    }

    private Connection connection() {
        opened++;
        open++;
        boolean[] closed = {false};
        boolean[] autoCommit = {true};
        return proxy(Connection.class, (method, argument) -> switch (method) {
            case "close" -> {
                open -= closed[0] ? 0 : 1;
                closed[0] = true;
                yield null;
            }
            case "isClosed" -> closed[0];
            case "getAutoCommit" -> autoCommit[0];
            case "setAutoCommit" -> {
                autoCommit[0] = (Boolean) argument;
                yield null;
            }
            case "commit" -> fail("the commit");
            case "prepareStatement" -> statement((String) argument);
            default -> nothing(method);
        });
    }

    private PreparedStatement statement(String sql) {
        return proxy(PreparedStatement.class, (method, argument) -> switch (method) {
            case "execute" -> {
                fail(sql);
                yield sql.contains("select");
            }
            case "getResultSet" -> rows(sql.contains("select exists") ? 1 : 0);
            case "getUpdateCount" -> sql.contains("select") ? -1 : 0;
            default -> nothing(method);
        });
    }

    private ResultSet rows(int count) {
        int[] left = {count};
        return proxy(ResultSet.class, (method, argument) -> switch (method) {
            case "next" -> left[0]-- > 0;
            case "getBoolean" -> true;
            case "getMetaData" -> proxy(ResultSetMetaData.class, (ofMetaData, column) -> 1);
            default -> nothing(method);
        });
    }

    private Object fail(String what) throws SQLException {
        if (!failing.isEmpty() && what.contains(failing)) {
            throw new SQLException("at fault");
        }
        return null;
    }

    private static Object nothing(String method) {
        return method.startsWith("is") || method.equals("wasNull") || method.equals("getMoreResults") ? false : null;
    }

    private interface Answer {
        Object to(String method, Object argument) throws SQLException;
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answer.to(method.getName(), arguments == null ? null : arguments[0])));
    }
}

package io.inference.analytics.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.inference.analytics.event.EventStatus;
import io.inference.analytics.event.UsageEvent;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What the figures are is shown where a database counts them. */
class RepeatStoreTest {

    private static final Instant START = Instant.parse("2026-03-01T00:00:00Z");

    private final List<String> executed = new ArrayList<>();

    /** The locks of the batch's organisations are held meanwhile. */
    @Test
    void aMonthOfManyOrganisationsSentAgainTakesOneStatement() throws SQLException {
        List<PreparedBatch.Conflict> conflicts = new ArrayList<>();
        for (int org = 0; org < 20; org++) {
            for (int day = 0; day < 30; day++) {
                UsageEvent event = event(new UUID(0, org), START.plus(day, ChronoUnit.DAYS));
                conflicts.add(new PreparedBatch.Conflict(
                        new PreparedBatch.Candidate(event, new byte[0]),
                        conflicts.size(),
                        new UsageEventStore.Stored(event, BigDecimal.TEN)));
            }
        }

        RepeatStore.add(connection(), START, new PreparedBatch.Repeated(List.of(), conflicts));

        assertThat(executed).hasSize(1).allMatch(sql -> sql.contains("refused_cost_cents"));
    }

    @Test
    void aBatchWithoutRepeatsTakesNone() throws SQLException {
        RepeatStore.add(connection(), START, new PreparedBatch.Repeated(List.of(), List.of()));

        assertThat(executed).isEmpty();
    }

    private static UsageEvent event(UUID org, Instant at) {
        return new UsageEvent(
                UUID.randomUUID(),
                org,
                new UUID(1, 1),
                new UUID(2, 2),
                "app",
                at,
                10,
                null,
                EventStatus.SUCCESS,
                null,
                1,
                1,
                0,
                0,
                0,
                null,
                null,
                null,
                null);
    }

    private Connection connection() {
        return proxy(Connection.class, (method, sql) -> switch (method) {
            case "createArrayOf" -> proxy(Array.class, (ofArray, argument) -> null);
            case "prepareStatement" -> statement(sql);
            default -> throw new AssertionError(method);
        });
    }

    private PreparedStatement statement(String sql) {
        return proxy(PreparedStatement.class, (method, argument) -> {
            if (!method.equals("executeUpdate")) {
                return null;
            }
            executed.add(sql);
            return 1;
        });
    }

    private interface Answer {
        Object to(String method, String argument);
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) -> answer.to(
                        method.getName(), arguments != null && arguments[0] instanceof String text ? text : "")));
    }
}

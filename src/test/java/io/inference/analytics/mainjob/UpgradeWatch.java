package io.inference.analytics.mainjob;

import io.inference.analytics.testing.ServiceProcess;
import io.inference.analytics.testing.Sql;
import io.inference.analytics.testing.Tokens;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Asks a replica for usage all the time, and looks how long statements run and wait for locks; for each step by itself. */
final class UpgradeWatch implements AutoCloseable {

    /** Advisory locks are how replicas take turns: waiting for them stops nothing. */
    private static final String LOOK =
            """
            select coalesce((select max(extract(epoch from clock_timestamp() - waitstart)) from pg_locks
                             where not granted and locktype <> 'advisory'
                               and database in (0, (select oid from pg_database where datname = current_database()))), 0),
                   coalesce((select max(extract(epoch from clock_timestamp() - query_start)) from pg_stat_activity
                             where datname = current_database() and state = 'active' and pid <> pg_backend_pid()), 0)
            """;

    private static final UUID ORG = UUID.fromString("00000000-0000-4000-8000-000000000001");

    private static final class Step {
        private final String name;
        private final List<String> notes = new ArrayList<>();
        private double waitSeconds;
        private double statementSeconds;
        private int answers;
        private double slowestSeconds;

        private Step(String name) {
            this.name = name;
        }
    }

    private final Sql database;
    private final Map<String, String> settings;
    private final List<Step> steps = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private volatile boolean ended;
    private ServiceProcess asked;
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

    UpgradeWatch(Sql database, Map<String, String> settings) {
        this.database = database;
        this.settings = settings;
    }

    synchronized void step(String name, ServiceProcess replica) {
        steps.add(new Step(name));
        asked = replica;
    }

    /** From now on this replica is asked. */
    synchronized void ask(ServiceProcess replica) {
        asked = replica;
    }

    synchronized void note(String note) {
        last().notes.add(note);
    }

    UpgradeWatch begin() {
        running = CompletableFuture.allOf(
                CompletableFuture.runAsync(this::look), CompletableFuture.runAsync(this::askOn));
        return this;
    }

    void end() throws InterruptedException, ExecutionException {
        ended = true;
        running.get();
    }

    @Override
    public void close() {
        ended = true;
        running.handle((done, failure) -> done).join();
    }

    synchronized List<String> failed() {
        return List.copyOf(failed);
    }

    double waitSecondsMax() {
        return steps.stream().mapToDouble(step -> step.waitSeconds).max().orElseThrow();
    }

    /** Markdown. */
    String table(String flavour, String before, String after, int fill, long published) {
        StringBuilder lines = new StringBuilder();
        lines.append(
                """
                On %s, storage flavour %s: schema %s to %s, %,d messages before the load and %,d in all, one in twenty a duplicate.

                | Step | Longest wait for a lock | Longest statement | Answers, all 200 | Slowest |
                |---|---|---|---|---|
                """
                        .formatted(LocalDate.now(ZoneOffset.UTC), flavour, before, after, fill, published));
        for (Step step : steps) {
            lines.append(String.format(
                    Locale.ROOT,
                    "| %s%s | %.1f s | %.1f s | %d | %.2f s |%n",
                    step.name,
                    step.notes.isEmpty() ? "" : " (" + String.join(", ", step.notes) + ")",
                    step.waitSeconds,
                    step.statementSeconds,
                    step.answers,
                    step.slowestSeconds));
        }
        return lines.toString();
    }

    private void look() {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            while (!ended) {
                try (ResultSet row = statement.executeQuery(LOOK)) {
                    row.next();
                    saw(row.getDouble(1), row.getDouble(2));
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void saw(double waitSeconds, double statementSeconds) {
        Step step = last();
        step.waitSeconds = Math.max(step.waitSeconds, waitSeconds);
        step.statementSeconds = Math.max(step.statementSeconds, statementSeconds);
    }

    private void askOn() {
        try {
            while (!ended) {
                askOnce();
                TimeUnit.MILLISECONDS.sleep(100);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A replica is stopped only after another one is asked, and not during a question. */
    private synchronized void askOnce() {
        String token = Tokens.sign(Tokens.claims(List.of("engineer"), ORG), settings);
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        long begun = System.nanoTime();
        int status = asked.get(
                        "/analytics/v1/orgs/%s/usage?start=%sT00:00:00Z&end=%sT00:00:00Z&granularity=day&groupBy=model"
                                .formatted(ORG, today.minusDays(20), today.plusDays(1)),
                        token)
                .statusCode();
        Step step = last();
        step.answers++;
        step.slowestSeconds = Math.max(step.slowestSeconds, (System.nanoTime() - begun) / 1e9);
        if (status != 200) {
            failed.add(step.name + ": " + status);
        }
    }

    private Step last() {
        return steps.get(steps.size() - 1);
    }
}
